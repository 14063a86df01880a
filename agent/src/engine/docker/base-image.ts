import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import { within } from '../within.ts';
import { findImage } from './image.ts';
import type { Image } from './image.ts';

const run = promisify(execFile);

/**
 * What a spec without an image runs in: a small image made on this machine, without any registry, from a static busybox if there is
 * one, else from the shell and the core programs of the host with the libraries they need.
 */
export async function ensureBaseImage(docker: Docker): Promise<{ name: string; image: Image } | undefined> {
  const contents = (await fromBusybox()) ?? (await fromHostPrograms());
  if (contents === undefined) return undefined;
  const name = `coop/base:${contents.hash.slice(0, 12)}`;
  const present = await findImage(docker, name);
  if (present !== undefined) return { name, image: present };
  await importImage(docker, name, contents);
  const image = await findImage(docker, name);
  return image && { name, image };
}

type Contents = { hash: string; files: { path: string; from: string }[]; links: { path: string; to: string }[] };

async function fromBusybox(): Promise<Contents | undefined> {
  for (const from of ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static']) {
    if (!(await isStatic(from))) continue;
    const { stdout } = await run(from, ['--list'], { timeout: 5000 });
    const applets = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
    return withHash(
      [{ path: 'bin/busybox', from }],
      applets.map((name) => ({ path: `bin/${name}`, to: 'busybox' })),
    );
  }
  return undefined;
}

const HOST_PROGRAMS = (
  'sh cat chmod chown cp cut date dd df dirname du echo env expr false find grep head hostname id kill ln ls md5sum mkdir mv nproc od ' +
  'printf ps pwd readlink rm rmdir sed seq sha256sum sleep sort stat stty sync tail tar tee test touch tr true uname uniq wc which whoami xargs'
).split(' ');

async function fromHostPrograms(): Promise<Contents | undefined> {
  const files = new Map<string, string>();
  for (const name of HOST_PROGRAMS) {
    const from = await firstReadable([`/bin/${name}`, `/usr/bin/${name}`]);
    if (from === undefined) continue;
    files.set(`bin/${name}`, from);
    for (const library of await librariesOf(from)) files.set(library.slice(1), library);
  }
  if (!files.has('bin/sh')) return undefined;
  return withHash(
    [...files].map(([path, from]) => ({ path, from })),
    [],
  );
}

/** Absolute paths only, as the dynamic loader will look for them. A script or a static program has none. */
async function librariesOf(program: string): Promise<string[]> {
  try {
    const { stdout } = await run('ldd', [program], { timeout: 5000 });
    return [...stdout.matchAll(/(?:=> )?(\/[^\s]+) \(0x/g)].map((match) => match[1] as string);
  } catch {
    return [];
  }
}

async function withHash(files: Contents['files'], links: Contents['links']): Promise<Contents> {
  const hash = createHash('sha256').update(SETTINGS_VERSION);
  for (const { path, from } of files) hash.update(`${path}\0`).update(await readFile(from));
  for (const { path, to } of links) hash.update(`${path}\0${to}\0`);
  return { hash: hash.digest('hex'), files, links };
}

/** Part of the hash, so that a change of what follows makes a new image. */
const SETTINGS_VERSION = 'base image 1';
const DIRECTORIES = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'usr', 'usr/bin', 'var'];
const TEXTS = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
};

async function importImage(docker: Docker, name: string, contents: Contents): Promise<void> {
  const tar = pack();
  const filled = fill(tar, contents).catch((error: unknown) => tar.destroy(error as Error));
  const changes = ['ENV PATH=/usr/local/bin:/usr/bin:/bin', 'CMD ["/bin/sh"]', 'LABEL coop.base=1'];
  const stream = await within(60_000, 'import base image', () =>
    docker.importImage(tar as unknown as NodeJS.ReadableStream, { repo: name, changes } as object),
  );
  for await (const _ of stream as AsyncIterable<unknown>);
  await filled;
}

async function fill(tar: Pack, { files, links }: Contents): Promise<void> {
  for (const name of DIRECTORIES) tar.entry({ name, type: 'directory', mode: 0o755 });
  tar.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
  tar.entry({ name: 'usr/bin/env', type: 'symlink', linkname: '/bin/env' });
  for (const [name, text] of Object.entries(TEXTS)) tar.entry({ name, mode: 0o644 }, text);
  for (const { path, from } of files) {
    const bytes = await readFile(from);
    await new Promise<void>((resolve, reject) => {
      tar.entry({ name: path, mode: 0o755 }, bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
  for (const { path, to } of links) tar.entry({ name: path, type: 'symlink', linkname: to });
  tar.finalize();
}

/** An ELF file without an interpreter (program header of type 3), read by hand: `file` is not on every machine. */
async function isStatic(path: string): Promise<boolean> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    if (bytesRead < 64 || buffer.readUInt32BE(0) !== 0x7f454c46 || buffer[4] !== 2 || buffer[5] !== 1) return false;
    const start = Number(buffer.readBigUInt64LE(32));
    const size = buffer.readUInt16LE(54);
    const count = buffer.readUInt16LE(56);
    if (start + size * count > bytesRead) return false;
    return !Array.from({ length: count }, (_, index) => buffer.readUInt32LE(start + size * index)).includes(3);
  } finally {
    await handle.close();
  }
}

async function firstReadable(paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    const handle = await open(path).catch(() => undefined);
    await handle?.close();
    if (handle !== undefined) return path;
  }
  return undefined;
}
