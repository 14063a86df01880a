import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, link, lstat, mkdir, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, normalize, relative, resolve, sep } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { extract, pack } from 'tar-stream';
import type { Header, Pack } from 'tar-stream';

/** A path of the workload, whose root is its working directory: `/data`, `data` and `../../data` are all the same place in it. */
export function insideOf(work: string, path: string): string {
  return join(work, normalize(`/${path}`));
}

export async function readFiles(work: string, path: string): Promise<Readable> {
  const target = insideOf(work, path);
  const stats = await lstat(target).catch(() => undefined);
  if (stats === undefined) throw new CoopError('not_found', `There is no ${path} in the workload's directory.`);
  if (target !== resolve(work)) await refuseEscape(work, dirname(target), path);
  const tar = pack();
  const name = target === resolve(work) ? '.' : basename(target);
  addTree(tar, target, name)
    .then(() => tar.finalize())
    .catch((error: unknown) => tar.destroy(error as Error));
  return tar as unknown as Readable;
}

export async function writeFiles(work: string, path: string, tar: Readable, roomBytes: number): Promise<void> {
  const target = insideOf(work, path);
  const stats = await lstat(target).catch(() => undefined);
  if (stats?.isDirectory() !== true)
    throw new CoopError('not_found', `There is no directory ${path} in the workload's directory.`);
  await refuseEscape(work, target, path);
  let left = roomBytes;
  const entries = extract();
  const fed = pipeline(tar, entries);
  fed.catch(() => undefined);
  for await (const entry of entries) {
    left -= entry.header.size ?? 0;
    if (left < 0)
      throw new CoopError(
        'payload_too_large',
        `The files need more than the ${Math.floor(roomBytes / 1024 / 1024)} MiB of disk that are left.`,
      );
    await writeEntry(work, target, entry.header, entry as unknown as Readable);
    entry.resume();
  }
  await fed;
}

async function writeEntry(work: string, root: string, header: Header, body: Readable): Promise<void> {
  const path = insideOf(root, header.name);
  await mkdir(dirname(path), { recursive: true });
  // After every entry anew: one of them may have been a link that leads out.
  await refuseEscape(work, dirname(path), header.name);
  const mode = (header.mode ?? 0o644) & 0o777;
  switch (header.type) {
    case 'directory':
      await mkdir(path, { recursive: true, mode });
      return;
    case 'file':
    case 'contiguous-file':
      // A link of the same name would be written through.
      await rm(path, { force: true });
      await pipeline(body, createWriteStream(path, { mode, flags: 'wx' }));
      await chmod(path, mode);
      return;
    case 'symlink':
      await rm(path, { force: true });
      await symlink(header.linkname ?? '', path);
      return;
    case 'link': {
      const existing = insideOf(root, header.linkname ?? '');
      await refuseEscape(work, dirname(existing), header.linkname ?? '');
      await rm(path, { force: true });
      await link(existing, path);
      return;
    }
    default:
      throw new CoopError('invalid_request', `${header.name} is a ${header.type}, which cannot be copied.`);
  }
}

async function addTree(tar: Pack, path: string, name: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  const header = { name, mode: stats.mode & 0o777, mtime: stats.mtime };
  if (stats.isDirectory()) {
    await addEntry(tar, { ...header, name: `${name}/`, type: 'directory' });
    for (const child of (await readdir(path)).sort()) await addTree(tar, join(path, child), `${name}/${child}`);
  } else if (stats.isSymbolicLink()) {
    await addEntry(tar, { ...header, type: 'symlink', linkname: await readlink(path) });
  } else if (stats.isFile()) {
    const entry = tar.entry({ ...header, size: stats.size });
    // A file that grows while it is read is taken at the length it had.
    if (stats.size === 0) entry.end(Buffer.alloc(0));
    else await pipeline(createReadStream(path, { end: stats.size - 1 }), entry as unknown as Writable);
  }
}

function addEntry(tar: Pack, header: Partial<Header> & { name: string }): Promise<void> {
  return new Promise((done, fail) => tar.entry(header, (error) => (error ? fail(error) : done())));
}

/** Follows links: the directory must really lie in the workload's own. */
async function refuseEscape(work: string, dir: string, path: string): Promise<void> {
  const [root, real] = await Promise.all([realpath(work), realpath(dir)]);
  const way = relative(root, real);
  if (way === '..' || way.startsWith(`..${sep}`))
    throw new CoopError('forbidden', `${path} leads out of the workload's directory.`);
}
