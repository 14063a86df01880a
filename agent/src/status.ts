import { join } from 'node:path';
import { z } from 'zod';
import { EngineInfo } from '@gpucoop/protocol/agent-api.ts';
import { readIfThere, writeDurably } from './durable-file.ts';

/** What `status` shows of a running agent; written by it now and then. */
export const AgentStatus = z.object({
  at: z.iso.datetime(),
  link: z.object({
    state: z.enum(['connecting', 'up', 'waiting', 'removed', 'closed']),
    detail: z.string().nullable(),
  }),
  engine: EngineInfo,
  leases: z.array(z.object({ id: z.string(), state: z.string() })),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

export async function writeStatus(stateDir: string, status: AgentStatus): Promise<void> {
  await writeDurably(join(stateDir, 'status.json'), JSON.stringify(status));
}

export async function readStatus(stateDir: string): Promise<AgentStatus | undefined> {
  try {
    return AgentStatus.parse(JSON.parse((await readIfThere(join(stateDir, 'status.json'))) ?? ''));
  } catch {
    return undefined; // none yet, or one of another version
  }
}
