import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeId } from '@gpucoop/protocol/ids.ts';
import { openKey, writeConfig } from '@gpucoop/agent/config.ts';
import type { LinkServer } from './link-server.ts';

const program = fileURLToPath(new URL('../../agent/src/main.ts', import.meta.url));

export const newMachineId = () => makeId('machine', randomBytes(16));
export const newLeaseId = () => makeId('lease', randomBytes(16));

/** A state directory as `enrol` leaves it, and the machine known to the server. */
export async function enrolInto(server: LinkServer, stateDir: string, url = server.url): Promise<string> {
  const machineId = newMachineId();
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const signer = await openKey(stateDir);
  server.machines.set(machineId, { publicKey: signer.publicKey, removed: false, epoch: 0 });
  await writeConfig(stateDir, {
    server: url,
    server_name: 'test',
    machine_id: machineId,
    name: 'test',
    tls: null,
    engine: 'process',
    engine_socket: null,
  });
  return machineId;
}

/** The real program, in a process of its own. */
export type AgentProcess = {
  child: ChildProcess;
  output(): string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
};

export function spawnAgent(stateDir: string): AgentProcess {
  const child = spawn(process.execPath, [program, 'run', '--state', stateDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, COOP_LOG_LEVEL: 'debug' },
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    output: () => output,
    kill: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, 'exit');
      }
      if (process.env['COOP_SHOW_AGENT'] !== undefined)
        await writeFile(join(stateDir, `output-${child.pid}.log`), output);
      return child.exitCode;
    },
  };
}
