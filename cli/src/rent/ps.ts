import { everyItem } from '@gpucoop/sdk/client.ts';
import type { Run } from '@gpucoop/protocol/resources.ts';
import { runStates } from '@gpucoop/protocol/states.ts';
import { command } from '../grammar.ts';
import { renderRuns } from '../look/runs.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from './offers.ts';

export const ps = command({
  about: 'Your runs',
  flags: {
    all: { type: 'boolean', short: 'a', about: 'Also those that have ended' },
    quiet: { type: 'boolean', short: 'q', about: 'Ids only' },
    limit: { type: 'string', value: 'N', about: 'At most this many', default: '50' },
  },
  examples: [['coop stop $(coop ps -q)', 'Stop everything that is running.']],
  run: async (input) => {
    const { flags, terminal } = input;
    const limit = wholeNumber(flags.limit, '--limit');
    const { client } = await openSession(input);
    const state = runStates.filter((one) => one !== 'ended').join(',');
    const runs: Run[] = [];
    for await (const run of everyItem((page) =>
      client.runs.list({ ...page, ...(!flags.all && { state }), limit: Math.min(limit, 200) }),
    )) {
      runs.push(run);
      if (runs.length >= limit) break;
    }
    if (terminal.json) return terminal.printJson(runs);
    if (flags.quiet) return runs.forEach(({ id }) => terminal.print(id));
    if (runs.length === 0)
      return terminal.aside(
        flags.all ? 'You have had no runs yet.' : 'Nothing is running. coop ps -a shows what has ended.',
      );
    terminal.print(renderRuns(runs, terminal.look, terminal.width, terminal.nowMs()));
  },
});
