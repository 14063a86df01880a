import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { describeNeeding } from '../../test/support/needs.ts';

/** Two codes that share nothing with ours, against the vectors of the page. */

const run = promisify(execFile);
const pathOf = (path: string): string => new URL(path, import.meta.url).pathname;
const vectorsPath = pathOf('../../docs/internals/proof-vectors.json');
const checkPath = pathOf('../../docs/internals/proof-vectors-check.py');

type Work = {
  key: number[];
  n: number;
  slabs: { root: string }[];
  pass_key: number[];
  pass_slab_roots: string[];
};
const vectors = async () =>
  JSON.parse(await readFile(vectorsPath, 'utf8')) as { work: Work; conversation: Conversation };
type Conversation = { messages: { bytes: string }[] };

describeNeeding(['python'], 'a verifier in Python, written from the page alone', () => {
  test('accepts the whole conversation', async () => {
    expect((await run('python3', [checkPath])).stdout).toBe('all vectors agree\n');
  });

  test('refuses it when one opened byte is another', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'coop-vectors-'));
    try {
      const changed = await vectors();
      const openings = changed.conversation.messages[7]!;
      openings.bytes = `${openings.bytes.slice(0, 1000)}${openings.bytes[1000] === '0' ? '1' : '0'}${openings.bytes.slice(1001)}`;
      await writeFile(join(dir, 'proof-vectors.json'), JSON.stringify(changed));
      await writeFile(join(dir, 'check.py'), await readFile(checkPath));
      await expect(run('python3', [join(dir, 'check.py')])).rejects.toThrow('AssertionError');
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});

describeNeeding(['cc'], 'the plain C program that the bench measures against', () => {
  test('finds the roots of the vectors, with one thread and with two', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'coop-vectors-'));
    try {
      const program = join(dir, 'baseline');
      await run('gcc', ['-O2', '-o', program, pathOf('../../bench/src/proof/baseline.c'), '-lpthread']);
      const { work } = await vectors();
      for (const threads of ['1', '2']) {
        const child = run(program, [String(work.n), String(work.slabs.length), '1', threads]);
        child.child.stdin!.end([...work.key, ...work.pass_key].join(' '));
        const [, , roots, digests] = (await child).stdout.split('\n');
        expect(roots).toBe(work.slabs.map(({ root }) => root).join(''));
        expect(digests).toBe(work.pass_slab_roots.join(''));
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
