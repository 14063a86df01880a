import { everyItem } from '@gpucoop/sdk/client.ts';
import type { LedgerLine } from '@gpucoop/protocol/resources.ts';
import { command } from './grammar.ts';
import { renderBalance, renderLedger } from './look/ledger.ts';
import { findRun } from './rent/find-run.ts';
import { wholeNumber } from './rent/offers.ts';
import { openSession } from './session.ts';

export const balance = command({
  about: 'What you have, what is held, what you spent and earned',
  flags: {},
  run: async (input) => {
    const { client } = await openSession(input);
    const now = await client.money.balance();
    if (input.terminal.json) return input.terminal.printJson(now);
    input.terminal.print(renderBalance(now, input.terminal.look, input.terminal.width));
  },
});

export const ledger = command({
  about: 'Every transfer of your money and what it was for',
  details:
    'Newest first. A hold sets money aside for a running lease; a post charges what was served of it, a release gives the rest back.',
  flags: {
    limit: { type: 'string', short: 'n', value: 'N', about: 'At most this many', default: '50' },
    run: { type: 'string', value: 'RUN', about: 'Only of this run: an id, the beginning of one, or a name' },
  },
  run: async (input) => {
    const { flags, terminal } = input;
    const limit = wholeNumber(flags.limit, '--limit');
    const { client } = await openSession(input);
    const runId = flags.run === undefined ? undefined : (await findRun(client, flags.run)).id;
    const lines: LedgerLine[] = [];
    for await (const line of everyItem((page) => client.money.ledger({ ...page, limit: 200 }))) {
      if (runId !== undefined && line.run_id !== runId) continue;
      lines.push(line);
      if (lines.length >= limit) break;
    }
    if (terminal.json) return terminal.printJson(lines);
    if (lines.length === 0) return terminal.aside('No money has moved yet.');
    terminal.print(renderLedger(lines, terminal.look, terminal.width));
  },
});
