import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coop-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

test('a directory in use is refused, with the process that uses it', async () => {
  const unlock = await lockDirectory(dir);
  await expect(lockDirectory(dir)).rejects.toMatchObject({
    code: 'unavailable',
    message: `Process ${process.pid} already uses the database in ${dir}.`,
    hint: expect.stringContaining('Stop process'),
  });
  await unlock();
  await (
    await lockDirectory(dir)
  )();
});

test('a directory is free again after its process was killed, and not before', async () => {
  const child = await lockInChild(dir);
  expect(child.answer).toBe('locked');
  await expect(lockDirectory(dir)).rejects.toMatchObject({ details: { pid: child.process.pid } });
  child.process.kill('SIGKILL');
  await once(child.process, 'exit');
  await (
    await lockDirectory(dir)
  )();
});

test('a process that only has the number of the dead one does not keep the directory', async () => {
  await writeFile(join(dir, 'lock.1'), JSON.stringify({ pid: process.pid, started: 'another boot 12345' }));
  await (
    await lockDirectory(dir)
  )();
});

test('of many that start over a dead one at once, one gets it', async () => {
  for (let round = 0; round < 3; round += 1) {
    await writeFile(join(dir, `lock.${100 * (round + 1)}`), JSON.stringify({ pid: 2 ** 22 + 1, started: 'dead' }));
    const here = await Promise.allSettled(Array.from({ length: 20 }, () => lockDirectory(dir)));
    const winners = here.filter((result) => result.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    await winners[0]!.value();
  }
});

test('of several processes that start at once, one gets it', async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, async () => (await lockInChild(dir)).answer));
  expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'unavailable')).toHaveLength(3);
});

async function lockInChild(path: string): Promise<{ process: ChildProcess; answer: string }> {
  const module = JSON.stringify(join(import.meta.dirname, 'directory-lock.ts'));
  const script = join(path, `child-${children.length}.mjs`);
  await writeFile(
    script,
    `import { lockDirectory } from ${module};
     const answer = await lockDirectory(process.argv[2]).then(() => 'locked', (error) => error.code);
     process.send(answer);
     setInterval(() => {}, 1000);`,
  );
  const child = fork(script, [path], { execArgv: [] });
  children.push(child);
  const [answer] = (await once(child, 'message')) as [string];
  return { process: child, answer };
}
