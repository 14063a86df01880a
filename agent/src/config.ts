import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Signer } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { makeSecret, signerOf } from './machine-key.ts';

/** What the agent knows of itself and of its server. Made by `enrol`. */
export const AgentConfig = z.strictObject({
  server: z.url({ protocol: /^https?$/ }).describe('Where the server is'),
  server_name: z.string().describe('What signatures for it are bound to'),
  machine_id: z.string(),
  name: z.string(),
  tls: z
    .strictObject({ certificate: z.string(), fingerprint: z.string().regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) })
    .nullable()
    .describe("The server's own certificate, and nobody else's; null: a public one, or plain HTTP on loopback"),
  engine: z.enum(['auto', 'docker', 'podman', 'process']),
  engine_socket: z.string().nullable(),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

/** `--state DIR`, else `$COOP_HOME/agent`, else `~/.coop/agent`. */
export function stateDirectory(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  return flag ?? join(env['COOP_HOME'] ?? join(homedir(), '.coop'), 'agent');
}

export async function readConfig(stateDir: string): Promise<AgentConfig> {
  const path = join(stateDir, 'agent.json');
  const text = await readIfThere(path);
  if (text === undefined) {
    throw new CoopError('not_found', `This machine is not enrolled: there is no ${path}.`, {
      hint: 'Ask for a join line with `coop machine add`, then run it here.',
    });
  }
  try {
    return AgentConfig.parse(JSON.parse(text));
  } catch (error) {
    throw new CoopError('invalid_request', `${path} cannot be read.`, {
      cause: error,
      hint: 'Enrol the machine again, or restore the file.',
    });
  }
}

export async function writeConfig(stateDir: string, config: AgentConfig): Promise<void> {
  await writeDurably(join(stateDir, 'agent.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** The machine's key. It is made once, before the server hears of it, and never leaves this directory. */
export async function openKey(stateDir: string): Promise<Signer> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, 'agent.key');
  let secret = (await readIfThere(path))?.trim();
  if (secret === undefined) {
    secret = makeSecret();
    await writeDurably(path, `${secret}\n`, 0o600);
  }
  return signerOf(secret);
}
