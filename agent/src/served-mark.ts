import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The most that was ever signed for a lease, so that no later line says less, even after the agent was killed. One small write in
 * place, without waiting for the disk: it outlives the process, and power loss ends the container anyway.
 */
export type ServedMark = { read(): number; raise(servedMs: number): void; close(): void; remove(): void };

const DIGITS = 16; // all that a safe integer needs; one write of fixed length is never seen in part

export function openServedMark(stateDir: string, leaseId: string): ServedMark {
  const path = join(stateDir, 'leases', `${leaseId}.served`);
  let highest = readMark(path);
  let file: number | undefined;
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    read: () => highest,
    raise: (servedMs) => {
      if (servedMs <= highest) return;
      highest = servedMs;
      file ??= openForUpdate(path);
      writeSync(file, String(servedMs).padStart(DIGITS, '0'), 0);
    },
    close,
    remove: () => {
      close();
      rmSync(path, { force: true });
    },
  };
}

function openForUpdate(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch {
    return openSync(path, 'w', 0o600);
  }
}

function readMark(path: string): number {
  try {
    const text = readFileSync(path, 'utf8');
    return /^\d{16}$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}
