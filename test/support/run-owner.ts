import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, isAlive } from '@gpucoop/agent/engine/process/identity.ts';
import type { Identity } from '@gpucoop/agent/engine/process/identity.ts';

export const RUN_PREFIX = 'coop-run-';
export const OWNER_FILE = 'owner.json';

/** Of a run's folder: a process by its number, start and boot, in the namespace where that number means it. */
type Owner = Identity & { namespace: string };

export function thisOwner(): Owner {
  return { ...identityOf(process.pid)!, namespace: namespace() };
}

/** Only what is certain counts: a folder without its note, of another user or of another namespace may be a living run's. */
export function isOfDeadRun(folder: string): boolean {
  try {
    if (statSync(folder).uid !== process.getuid?.()) return false;
    const owner = JSON.parse(readFileSync(join(folder, OWNER_FILE), 'utf8')) as Owner;
    return owner.namespace === namespace() && !isAlive(owner);
  } catch {
    return false;
  }
}

function namespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}
