import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import type { Track } from './cp.ts';

/** A tar of a file or a directory, read while it is sent. Links stay links; sockets and devices are left out. */
export function packTar(path: string, name: string, track: Track): AsyncIterable<Uint8Array> {
  const tar = pack();
  addEntry(tar, path, name, track).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  return tar as unknown as AsyncIterable<Uint8Array>; // its types are those of the streams before Node had async iteration
}

async function addEntry(tar: Pack, path: string, name: string, track: Track): Promise<void> {
  const found = await lstat(path);
  const common = { name, mode: found.mode & 0o7777, mtime: found.mtime };
  if (found.isDirectory()) {
    await headerOnly(tar, { ...common, type: 'directory' as const });
    for (const child of (await readdir(path)).toSorted())
      await addEntry(tar, join(path, child), `${name}/${child}`, track);
  } else if (found.isSymbolicLink()) {
    await headerOnly(tar, { ...common, type: 'symlink' as const, linkname: await readlink(path) });
  } else if (found.isFile()) {
    await addFile(tar, path, { ...common, size: found.size }, track);
  }
}

type Header = Parameters<Pack['entry']>[0];

const headerOnly = (tar: Pack, header: Header): Promise<void> =>
  new Promise((resolve, reject) => tar.entry(header, (error) => (error ? reject(error) : resolve())));

async function addFile(tar: Pack, path: string, header: Header & { size: number }, track: Track): Promise<void> {
  track(0, true);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()));
  if (header.size === 0) {
    entry.end(undefined);
    return promise;
  }
  // Cut at the size in the header: a file that grows meanwhile must not spoil the archive.
  const file = createReadStream(path, { end: header.size - 1 });
  file.on('data', (chunk) => track(chunk.length, false)).on('error', reject);
  file.pipe(entry);
  return promise;
}
