import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockHolder, lockState } from './state-lock.ts';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'coop-lock-'));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

test('one process at a time, and nothing is left behind', async () => {
  const lock = await lockState(stateDir);
  expect(lockHolder(stateDir)).toBe(process.pid);
  await expect(lockState(stateDir)).rejects.toMatchObject({
    code: 'wrong_state',
    message: expect.stringContaining(String(process.pid)),
  });
  lock.release();
  expect(lockHolder(stateDir)).toBeUndefined();
  (await lockState(stateDir)).release();
  expect(await readdir(stateDir)).toEqual([]);
});

test('the lock of a process that was killed is taken over; so is one whose number now belongs to another', async () => {
  const child = spawn('sleep', ['600']);
  const lock = join(stateDir, 'agent.lock');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await writeFile(lock, `${child.pid} 12345\n`);
  (await lockState(stateDir)).release();
  await writeFile(lock, `${process.pid} 12345\n`); // alive, but began at another time
  (await lockState(stateDir)).release();
  await writeFile(lock, 'garbage');
  (await lockState(stateDir)).release();
});

test('of many that take over a stale lock at once, one gets it', async () => {
  for (let round = 0; round < 20; round++) {
    await writeFile(join(stateDir, 'agent.lock'), '999999999 1\n');
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockState(stateDir)));
    const locks = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(locks).toHaveLength(1);
    locks[0]!.release();
  }
});
