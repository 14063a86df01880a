import { command } from '../grammar.ts';
import type { Positional } from '../grammar.ts';
import { clockTime } from '../look/units.ts';
import { openSession } from '../session.ts';
import { writeLog } from './attach.ts';
import { findRun } from './find-run.ts';
import { wholeNumber } from './offers.ts';

export const RUN = { name: 'RUN', about: 'An id, the beginning of one, or a name' } as const satisfies Positional;

export const logs = command({
  about: 'What a run has printed',
  positionals: [RUN],
  flags: {
    follow: { type: 'boolean', short: 'f', about: 'Stay until the run has ended' },
    tail: { type: 'string', short: 'n', value: 'N', about: 'Only the last N lines' },
    since: { type: 'string', value: 'SEQ', about: 'Only lines with a higher number (they stand in --json)' },
    lease: { type: 'string', value: 'LEASE', about: 'Of an earlier lease of the run, by id' },
    timestamps: { type: 'boolean', short: 't', about: 'The time before each line' },
  },
  examples: [['coop logs -f --tail 20 train', 'The last twenty lines, and what comes.']],
  run: async (input) => {
    const { flags, args, terminal } = input;
    const tail = flags.tail === undefined ? undefined : wholeNumber(flags.tail, '--tail');
    const after = flags.since === undefined ? undefined : wholeNumber(flags.since, '--since');
    const { client } = await openSession(input);
    const run = await findRun(client, args[0]!);
    const lines = client.runs.logs(run.id, {
      follow: flags.follow,
      ...(tail !== undefined && { tail }),
      ...(after !== undefined && { after }),
      ...(flags.lease !== undefined && { leaseId: flags.lease }),
    });
    for await (const line of lines) {
      if (terminal.json) terminal.printJson(line);
      else
        await writeLog(
          flags.timestamps ? { ...line, text: `${terminal.look.dim(clockTime(line.at))} ${line.text}` } : line,
          terminal,
        );
    }
  },
});
