import { mkdtemp, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { Header } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packTar } from './pack-tar.ts';
import { safeTarget, unpackTar } from './unpack-tar.ts';

let top: string;
let to: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'coop-cp-'));
  to = join(top, 'to');
});
afterEach(() => rm(top, { recursive: true, force: true }));

type Entry = Partial<Header> & { name: string; body?: string };

async function tarOf(entries: Entry[]): Promise<Readable> {
  const tar = pack();
  for (const { body, ...header } of entries) tar.entry(header, body ?? '');
  tar.finalize();
  return Readable.from([await buffer(tar)]);
}

const unpack = async (entries: Entry[], rename?: string): Promise<void> =>
  unpackTar(await tarOf(entries), { directory: to, rename }, () => {});

test('files, directories and links inside come out as they went in', async () => {
  await unpack([
    { name: 'd/', type: 'directory' },
    { name: 'd/a', body: 'one', mode: 0o4755 },
    { name: 'd/l', type: 'symlink', linkname: 'a' },
  ]);
  expect(await readFile(join(to, 'd/a'), 'utf8')).toBe('one');
  expect((await stat(join(to, 'd/a'))).mode & 0o7777).toBe(0o755 & ~process.umask()); // no set-uid from a stranger
  expect(await readlink(join(to, 'd/l'))).toBe('a');
});

test.each([
  ['a path upwards', [{ name: '../out', body: 'x' }]],
  ['a path upwards in the middle', [{ name: 'd/../../out', body: 'x' }]],
  ['an absolute path', [{ name: '/etc/out', body: 'x' }]],
  ['a link that points out', [{ name: 'l', type: 'symlink', linkname: '../out' }]],
  ['an absolute link', [{ name: 'l', type: 'symlink', linkname: '/etc' }]],
  [
    'a file behind a link',
    [
      { name: 'd/', type: 'directory' },
      { name: 'l', type: 'symlink', linkname: 'd' },
      { name: 'l/f', body: 'x' },
    ],
  ],
] as [string, Entry[]][])('%s is refused and writes nothing outside', async (_title, entries) => {
  await expect(unpack(entries)).rejects.toThrow('leads out of the destination');
  await expect(stat(join(top, 'out'))).rejects.toThrow();
});

test('a link that stood there before is replaced, not written through', async () => {
  await unpack([{ name: 'other', body: 'kept' }]);
  await symlink(join(to, 'other'), join(to, 'f'));
  await unpack([{ name: 'f', body: 'new' }]);
  expect(await readFile(join(to, 'other'), 'utf8')).toBe('kept');
  expect(await readFile(join(to, 'f'), 'utf8')).toBe('new');
});

test('the first part of each name may be renamed', () => {
  expect(safeTarget('/to', 'model/a/b', 'mine')).toBe('/to/mine/a/b');
  expect(safeTarget('/to', './model', 'mine')).toBe('/to/mine');
});

test('a tar that is cut off is an error', async () => {
  const whole = await buffer(await tarOf([{ name: 'big', body: 'x'.repeat(5000) }]));
  const cut = Readable.from([whole.subarray(0, 2000)]);
  await expect(unpackTar(cut, { directory: to, rename: undefined }, () => {})).rejects.toThrow();
});

test('what is packed here unpacks to the same, large files too', async () => {
  const big = 'x'.repeat(300_000);
  await unpack([
    { name: 'src/', type: 'directory' },
    { name: 'src/big', body: big },
    { name: 'src/empty', body: '' },
  ]);
  let bytes = 0;
  const tar = packTar(join(to, 'src'), 'dst', (size) => (bytes += size));
  await unpackTar(Readable.from(tar), { directory: join(top, 'again'), rename: undefined }, () => {});
  expect(await readFile(join(top, 'again/dst/big'), 'utf8')).toBe(big);
  expect(await readFile(join(top, 'again/dst/empty'), 'utf8')).toBe('');
  expect(bytes).toBe(big.length);
});
