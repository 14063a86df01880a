import { decimalDollars, parseDollars, toMoney } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { formatDuration, parseDuration } from '@gpucoop/protocol/sizes.ts';
import type { Run } from '@gpucoop/protocol/resources.ts';
import { command } from '../grammar.ts';
import { renderEnd } from '../look/runs.ts';
import { money, relativeTime } from '../look/units.ts';
import { openSession } from '../session.ts';
import { findRun } from './find-run.ts';
import { RUN } from './logs.ts';
import type { Client } from '@gpucoop/sdk/client.ts';

export const stop = command({
  about: 'End a run',
  details:
    'The command is asked to end (SIGTERM), then ended after its grace. The container stays, stopped and unbilled, for a day: coop cp ' +
    'still gets files out of it. It cannot be started again.',
  positionals: [{ ...RUN, repeated: true }],
  flags: { 'no-wait': { type: 'boolean', about: 'Do not wait until it has ended' } },
  run: async (input) => {
    const { flags, terminal } = input;
    const { client } = await openSession(input);
    for (const typed of input.args) {
      const run = await findRun(client, typed);
      if (run.state === 'ended') {
        if (terminal.json) terminal.printJson(run);
        else terminal.aside(`${run.name} had ended before.`);
        continue;
      }
      const stopping = await client.runs.stop(run.id);
      const after = flags['no-wait'] ? stopping : await untilEnded(client, stopping);
      if (terminal.json) terminal.printJson(after);
      else if (after.state === 'ended')
        terminal.print(`${after.name}  ${renderEnd(after, terminal.look, terminal.width - after.name.length - 2)}`);
      else terminal.print(`${after.name}  stopping`);
    }
  },
});

async function untilEnded(client: Client, run: Run): Promise<Run> {
  for await (const event of client.runs.events(run.id)) if (event.type === 'run.ended') break;
  return client.runs.get(run.id);
}

export const extend = command({
  about: 'Give a run more time or money, at the price it has',
  positionals: [RUN],
  flags: {
    duration: { type: 'string', value: 'TIME', about: 'Add this to its longest duration: 1h' },
    budget: { type: 'string', value: 'DOLLARS', about: 'Add this to its budget: 1' },
  },
  examples: [['coop extend train --duration 2h --budget 1', 'Two hours and a dollar more.']],
  run: async (input) => {
    const { flags, terminal } = input;
    const by = extension(flags.duration, flags.budget);
    const { client } = await openSession(input);
    const { id } = await findRun(client, input.args[0]!);
    const run = await client.runs.extend(id, by);
    if (terminal.json) return terminal.printJson(run);
    terminal.print(
      `${run.name}  ends ${relativeTime(run.expires_at, terminal.nowMs())}, may cost ${money(run.budget)} in all, ${money(run.cost)} so far`,
    );
    const short = shortOf(run, terminal.nowMs());
    if (short > 0n) {
      terminal.aside(
        `${terminal.asideLook.attention('budget')}  It ends the run before that; coop extend ${run.name} --budget ${decimalDollars(short)} covers the whole time.`,
      );
    }
  },
});

/** Micros that the budget lacks to pay for all the time that the run may still take, rounded up to a cent; 0 when it suffices. */
export function shortOf(run: Pick<Run, 'leases' | 'budget' | 'cost' | 'expires_at'>, nowMs: number): bigint {
  const price = run.leases.findLast(({ ended_at }) => ended_at === null)?.price_per_hour.micros;
  if (price === undefined) return 0n;
  const seconds = Math.max(0, Math.ceil((Date.parse(run.expires_at) - nowMs) / 1000));
  const needed = (BigInt(price) * BigInt(seconds)) / 3600n;
  const lacking = needed - BigInt(run.budget.micros - run.cost.micros);
  // The seconds since the last settlement are in neither number: less than a tenth is no shortfall.
  return lacking * 10n > needed ? ((lacking + CENT_MICROS - 1n) / CENT_MICROS) * CENT_MICROS : 0n;
}

const CENT_MICROS = 10_000n;

function extension(
  duration: string | undefined,
  budget: string | undefined,
): { duration_s?: number; budget_micros?: number } {
  if (duration === undefined && budget === undefined) {
    throw new CoopError('invalid_request', 'coop extend needs --duration, --budget or both.', {
      hint: 'coop extend RUN --duration 1h --budget 1',
    });
  }
  const seconds = duration === undefined ? undefined : parseDuration(duration);
  if (duration !== undefined && (typeof seconds !== 'number' || seconds < 1)) {
    throw new CoopError('invalid_request', `"${duration}" is no duration.`, {
      at: '--duration',
      hint: `Write 90s, 30m or ${formatDuration(7200)}.`,
    });
  }
  const dollars = budget === undefined ? undefined : parseDollars(budget);
  if (budget !== undefined && (dollars === undefined || dollars <= 0n)) {
    throw new CoopError('invalid_request', `"${budget}" is no amount of dollars.`, {
      at: '--budget',
      hint: 'Write 2 or 0.50.',
    });
  }
  return {
    ...(typeof seconds === 'number' && { duration_s: seconds }),
    ...(dollars !== undefined && { budget_micros: toMoney(dollars).micros }),
  };
}
