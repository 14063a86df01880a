import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DoctorCheck } from '@gpucoop/protocol/resources.ts';
import { lockHolder } from '../state-lock.ts';
import { ok, warning } from './check.ts';

/** Two agents on one machine would rent the same devices out twice. */
export async function otherAgents(stateDir: string, procRoot: string): Promise<DoctorCheck[]> {
  const ours = lockHolder(stateDir);
  const others = (await runningAgents(procRoot)).filter((pid) => pid !== ours && pid !== process.pid);
  if (others.length > 0) {
    return [
      warning(
        'other agents',
        `another agent runs on this machine (process ${others.join(', ')}) and offers the same devices`,
        `See which it is: ps -fp ${others.join(',')}   and remove the one you do not want by its coop-agent uninstall`,
      ),
    ];
  }
  return [ok('agent', ours === undefined ? 'not running' : `running (process ${ours})`)];
}

async function runningAgents(procRoot: string): Promise<number[]> {
  const pids = (await readdir(procRoot)).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = (await readFile(join(procRoot, pid, 'cmdline'), 'utf8').catch(() => '')).split('\0');
      const program = words.findIndex((word) => /(^|\/)(agent\.mjs|agent\/src\/main\.ts)$/.test(word));
      return program !== -1 && words[program + 1] === 'run' ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
