import type { TermsRequest } from '@gpucoop/protocol/api.ts';
import { findClasses } from '@gpucoop/protocol/gpu-classes.ts';
import { parseDollars, toMoney } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Machine } from '@gpucoop/protocol/resources.ts';
import { parseDuration, parseSizeMib } from '@gpucoop/protocol/sizes.ts';
import { command } from '../grammar.ts';
import type { Flags, FlagValues } from '../grammar.ts';
import { renderMachine } from '../look/machines.ts';
import { exactMoney } from '../look/units.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { findMachine, MACHINE } from './find-machine.ts';

export const price = command({
  about: 'What you ask for one unit and hour, by class',
  details: 'Running leases keep their price. coop machine price rtx-4090=0.35 sets one class of your only machine.',
  positionals: [
    { name: 'CLASS=DOLLARS', about: 'A class and its price; a machine may stand before it', repeated: true },
  ],
  flags: {},
  examples: [['coop machine price lab rtx-4090=0.35 cpu=0.01', 'Two classes of the machine called lab.']],
  run: async (input) => {
    const { args, terminal } = input;
    const [first, ...others] = args;
    const named = first!.includes('=') ? undefined : first;
    const wished = (named === undefined ? args : others).map(parsePrice);
    if (wished.length === 0)
      throw new CoopError('invalid_request', 'Say which class costs what.', {
        hint: 'coop machine price rtx-4090=0.35',
      });
    const { client } = await openSession(input);
    const machine = await findMachine(client, named);
    const prices = { ...machine.terms.price_micros_per_unit_hour, ...Object.fromEntries(wished) };
    const after = await client.machines.setTerms(machine.id, { price_micros_per_unit_hour: prices });
    if (terminal.json) return terminal.printJson(after);
    for (const [name, micros] of wished)
      terminal.print(`${after.name}  ${name}  ${exactMoney(BigInt(micros))} a unit and hour, from the next lease on`);
  },
});

export function parsePrice(text: string): [string, number] {
  const equals = text.indexOf('=');
  const dollars = parseDollars(text.slice(equals + 1));
  if (equals < 1 || dollars === undefined)
    throw new CoopError('invalid_request', `"${text}" is no price.`, {
      hint: 'Write CLASS=DOLLARS, like rtx-4090=0.35.',
    });
  return [classNamed(text.slice(0, equals)), toMoney(dollars).micros];
}

function classNamed(text: string): string {
  if (text === 'cpu') return text;
  const found = findClasses(text);
  if (found.found && found.classes.length === 1) return found.classes[0]!;
  const near = found.found ? found.classes : found.suggestions;
  throw new CoopError(
    'invalid_request',
    found.found ? `${text} is a family of classes.` : `There is no class ${text}.`,
    {
      hint:
        near.length === 0 ? 'coop machine show lists the classes of your machine.' : `Name one of ${near.join(', ')}.`,
    },
  );
}

const termFlags = {
  'min-units': { type: 'string', value: 'N', about: 'Smallest slice' },
  'max-units': { type: 'string', value: 'N', about: 'Largest slice; all for no limit' },
  'min-duration': { type: 'string', value: 'TIME', about: 'Shortest lease' },
  'max-duration': { type: 'string', value: 'TIME', about: 'Longest lease' },
  'quiet-hours': {
    type: 'string',
    value: 'HH:MM-HH:MM',
    about: 'Daily hours when it is not rented out, in its own time zone; off for none',
    multiple: true,
  },
  'time-zone': { type: 'string', value: 'ZONE', about: 'Of the quiet hours: Europe/Berlin' },
  'only-when-idle': { type: 'boolean', about: 'Off the market while the owner uses the device' },
  always: { type: 'boolean', about: 'On the market also while the owner uses the device' },
  'reserve-cpus': { type: 'string', value: 'N', about: 'CPUs kept for the owner' },
  'reserve-memory': { type: 'string', value: 'SIZE', about: 'Memory kept for the owner' },
  disk: { type: 'string', value: 'SIZE', about: 'Most disk to rent out; auto for nine tenths of what is free' },
  region: { type: 'string', value: 'REGION', about: 'Where it stands, as renters see it' },
} as const satisfies Flags;

export const terms = command({
  about: 'Show or change slices, times, quiet hours, what is kept for the owner',
  positionals: [MACHINE],
  flags: termFlags,
  examples: [
    [
      'coop machine terms lab --quiet-hours 18:00-23:00 --max-duration 12h',
      'A machine that is played on in the evening.',
    ],
  ],
  run: async (input) => {
    const { args, flags, terminal } = input;
    const changes = termsFromFlags(flags);
    const { client } = await openSession(input);
    const machine = await findMachine(client, args[0]);
    if (Object.keys(changes).length === 0) return answer(machine, terminal);
    return answer(await client.machines.setTerms(machine.id, changes), terminal);
  },
});

function answer(machine: Machine, terminal: Terminal): void {
  if (terminal.json) terminal.printJson(machine.terms);
  else
    terminal.print(
      renderMachine({ ...machine, offers: [], leases: [] }, terminal.look, terminal.width, terminal.nowMs()),
    );
}

export function termsFromFlags(flags: FlagValues<typeof termFlags>): TermsRequest {
  const changes: TermsRequest = {};
  if (flags['min-units'] !== undefined) changes.min_units = whole(flags['min-units'], '--min-units');
  if (flags['max-units'] !== undefined)
    changes.max_units = flags['max-units'] === 'all' ? null : whole(flags['max-units'], '--max-units');
  if (flags['min-duration'] !== undefined) changes.min_duration_s = seconds(flags['min-duration'], '--min-duration');
  if (flags['max-duration'] !== undefined) changes.max_duration_s = seconds(flags['max-duration'], '--max-duration');
  if (flags['quiet-hours'].length > 0)
    changes.quiet_hours = flags['quiet-hours'].includes('off') ? [] : flags['quiet-hours'].map(quietHours);
  if (flags['time-zone'] !== undefined) changes.time_zone = flags['time-zone'];
  if (flags['only-when-idle'] && flags.always)
    throw new CoopError('invalid_request', '--only-when-idle and --always are opposites.', { at: '--always' });
  if (flags['only-when-idle'] || flags.always) changes.only_when_idle = flags['only-when-idle'];
  if (flags['reserve-cpus'] !== undefined) changes.reserve_cpus = whole(flags['reserve-cpus'], '--reserve-cpus');
  if (flags['reserve-memory'] !== undefined)
    changes.reserve_memory_mib = size(flags['reserve-memory'], '--reserve-memory');
  if (flags.disk !== undefined) changes.disk_mib = flags.disk === 'auto' ? null : size(flags.disk, '--disk');
  if (flags.region !== undefined) changes.region = flags.region;
  return changes;
}

function whole(text: string, at: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new CoopError('invalid_request', `"${text}" is not a whole number.`, { at });
  return Number(text);
}

function seconds(text: string, at: string): number {
  const value = parseDuration(text);
  if (typeof value !== 'number' || value < 1)
    throw new CoopError('invalid_request', `"${text}" is no duration.`, { at, hint: 'Write 30m, 12h or 7d.' });
  return value;
}

function size(text: string, at: string): number {
  const value = parseSizeMib(text);
  if (value === undefined) throw new CoopError('invalid_request', `"${text}" is no size.`, { at, hint: 'Write 8GB.' });
  return value;
}

function quietHours(text: string): { from: string; to: string } {
  const match = /^([01]\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null)
    throw new CoopError('invalid_request', `"${text}" is no span of hours.`, {
      at: '--quiet-hours',
      hint: 'Write 18:00-23:00; over midnight 22:00-07:00.',
    });
  return { from: `${match[1]}:${match[2]}`, to: `${match[3]}:${match[4]}` };
}
