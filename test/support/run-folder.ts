import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endRun, sweepDeadRuns } from './sweep.ts';
import { OWNER_FILE, RUN_PREFIX, thisOwner } from './run-owner.ts';

/**
 * Every test run has one temporary folder for all its tests and all that they start. Its name stands in the environment of each of these
 * processes, so that what a killed run left is known by it: the next run ends and removes that, and no run touches a living one's.
 */
export async function setup(): Promise<() => Promise<void>> {
  const outer = tmpdir();
  if (process.platform !== 'linux') return () => Promise.resolve();
  await sweepDeadRuns(outer);
  const folder = makeRunFolder(outer);
  process.env.TMPDIR = folder;
  return () => endRun(folder);
}

function makeRunFolder(outer: string): string {
  const folder = mkdtempSync(join(outer, RUN_PREFIX));
  // As /tmp itself: PostgreSQL runs as a user of its own.
  chmodSync(folder, 0o1777);
  writeFileSync(join(folder, OWNER_FILE), JSON.stringify(thisOwner()));
  return folder;
}
