import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const main = new URL('./main.ts', import.meta.url).pathname;
const prove = (...args: string[]) => promisify(execFile)(process.execPath, [main, ...args]);
const failing = async (...args: string[]) =>
  (await prove(...args).catch((error: unknown) => error)) as { code: number; stderr: string };

test('this machine proves something, as one object for a program', async () => {
  const { stdout, stderr } = await prove('--n', '256', '--memory', '8MiB', '--threads', '2', '--json');
  const result = JSON.parse(stdout) as Record<string, unknown>;
  expect(result).toMatchObject({ device: 'cpu', prover: 'cpu', outcome: 'proved', parameters: { n: 256 } });
  const { resident_bytes } = result['bounds'] as Record<string, number>;
  expect(resident_bytes).toBeGreaterThan(5 * 2 ** 20);
  expect(resident_bytes).toBeLessThan(8 * 2 ** 20);
  expect(stderr.split('\n')).toEqual(['filling memory', 'reading memory', 'opening samples', 'done', '']);
});

test('for a person it says what is certain, and that a name is only a name', async () => {
  const { stdout } = await prove('--n', '256', '--memory', '4MiB');
  expect(stdout).toMatch(/^device +cpu, which says that it is /);
  for (const line of ['memory', 'bandwidth', 'arithmetic'])
    expect(stdout).toMatch(new RegExp(`^${line} +at least `, 'm'));
  expect(stdout).toMatch(/^classes +no GPU class$/m);
});

test.each([
  [['--n', '1000'], 'power of two'],
  [['--memory', 'much'], 'a size as'],
  [['--memory', '1MiB'], 'needs'],
  [['--memory', '9999999GiB'], 'MiB free'],
  [['--device', 'GPU-1'], 'there is no device GPU-1'],
  [['--threads', '0'], 'whole number'],
  [['--fast'], '--fast'],
  [['--ocsp', '/nowhere'], '/nowhere cannot be read'],
  [['--ocsp', main], 'no OCSP response'],
])('%s is refused with what is wrong', async (args, words) => {
  const { code, stderr } = await failing(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain('    at ');
});
