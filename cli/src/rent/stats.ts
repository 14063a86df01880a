import { formatBytes, formatMib } from '@gpucoop/protocol/sizes.ts';
import type { LeaseStats } from '@gpucoop/protocol/agent-api.ts';
import { command } from '../grammar.ts';
import type { Look } from '../look/colours.ts';
import { renderFields } from '../look/table.ts';
import { openSession } from '../session.ts';
import { findRun } from './find-run.ts';
import { RUN } from './logs.ts';

export const stats = command({
  about: 'What a run uses now',
  positionals: [RUN],
  flags: {},
  run: async (input) => {
    const { client } = await openSession(input);
    const run = await findRun(client, input.args[0]!);
    const now = await client.runs.stats(run.id);
    if (input.terminal.json) return input.terminal.printJson(now);
    input.terminal.print(renderStats(now, input.terminal.look, input.terminal.width));
  },
});

export function renderStats(stats: LeaseStats, look: Look, width: number): string {
  const share = stats.memory_limit_mib > 0 ? stats.memory_used_mib / stats.memory_limit_mib : 0;
  const memory = `${formatMib(stats.memory_used_mib)} of ${formatMib(stats.memory_limit_mib)}, ${Math.round(share * 100)}%`;
  return renderFields(
    [
      ['cpu', `${Math.round(stats.cpu_percent)}%  ${look.dim('100% is one CPU')}`],
      ['memory', share > 0.9 ? look.attention(memory) : memory],
      ['disk', stats.disk_used_mib === null ? 'not known' : formatMib(stats.disk_used_mib)],
      ['processes', String(stats.pids)],
      [
        'network',
        stats.received_bytes === null || stats.sent_bytes === null
          ? 'not known'
          : `${formatBytes(stats.received_bytes)} in, ${formatBytes(stats.sent_bytes)} out`,
      ],
    ],
    look,
    width,
  );
}
