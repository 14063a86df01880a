import type { RunEvent } from '@gpucoop/protocol/resources.ts';
import { command } from '../grammar.ts';
import { plain } from '../look/text.ts';
import { clockTime, dayAndTime } from '../look/units.ts';
import type { Look } from '../look/colours.ts';
import { openSession } from '../session.ts';
import { findRun } from './find-run.ts';
import { RUN } from './logs.ts';
import { wholeNumber } from './offers.ts';

/** Without --follow a run that goes on would keep the stream open: then silence of this length ends the list. */
const QUIET_MS = 1000;

export const events = command({
  about: 'What happened to a run, step by step',
  positionals: [RUN],
  flags: {
    follow: { type: 'boolean', short: 'f', about: 'Stay until the run has ended' },
    since: { type: 'string', value: 'ID', about: 'Only events with a higher id' },
  },
  run: async (input) => {
    const { flags, args, terminal } = input;
    const after = flags.since === undefined ? undefined : wholeNumber(flags.since, '--since');
    const { client } = await openSession(input);
    const run = await findRun(client, args[0]!);
    const quiet = new AbortController();
    const timer = flags.follow ? undefined : setTimeout(() => quiet.abort(), QUIET_MS);
    let day = '';
    try {
      for await (const event of client.runs.events(run.id, {
        signal: quiet.signal,
        ...(after !== undefined && { after }),
      })) {
        timer?.refresh();
        if (terminal.json) terminal.printJson(event);
        else {
          const today = dayAndTime(event.at).slice(0, 10);
          if (today !== day) terminal.print(terminal.look.dim(today));
          day = today;
          terminal.print(renderEvent(event, terminal.look));
        }
      }
    } catch (error) {
      if (!quiet.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  },
});

export function renderEvent(event: RunEvent, look: Look): string {
  return `${look.dim(clockTime(event.at))}  ${colour(event.type, look)(event.type.padEnd(15))}  ${plain(event.message)}`;
}

function colour(type: RunEvent['type'], look: Look): (text: string) => string {
  if (type === 'lease.ready' || type === 'lease.recovered') return look.good;
  return ['run.warning', 'lease.unknown', 'lease.unbilled', 'run.retrying'].includes(type)
    ? look.attention
    : (text) => text;
}
