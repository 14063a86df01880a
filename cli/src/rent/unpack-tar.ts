import { lstat, mkdir, open, rm, symlink } from 'node:fs/promises';
import { dirname, join, posix, resolve, sep } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { extract } from 'tar-stream';
import type { Header } from 'tar-stream';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Track } from './cp.ts';

type Entry = Readable & { header: Header };

/** `rename`: what the first part of every name becomes. */
export type Destination = { directory: string; rename: string | undefined };

/**
 * Unpacks what a machine of a stranger sends. Nothing is written outside the destination: no absolute names, no `..`, no entry
 * behind a link, and no link that points outside. Devices and sockets are left out, set-uid bits too.
 */
export async function unpackTar(tar: Readable, to: Destination, track: Track): Promise<void> {
  const entries = extract();
  const root = resolve(to.directory);
  await mkdir(root, { recursive: true });
  const fed = feed(tar, entries as unknown as Writable);
  try {
    for await (const entry of entries as AsyncIterable<Entry>) await unpackEntry(entry, root, to.rename, track);
  } catch (error) {
    tar.destroy();
    throw error;
  }
  await fed;
}

/** By hand, because tar-stream's streams are not those that `pipeline` can see the end of. */
async function feed(tar: Readable, entries: Writable): Promise<void> {
  try {
    for await (const chunk of tar) if (!entries.write(chunk)) await drainOrClose(entries);
    entries.end();
  } catch (error) {
    entries.destroy(error as Error); // the reader of the entries throws it
  }
}

/** Closed: the reader of the entries has given up. */
function drainOrClose(entries: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      entries.off('drain', done).off('close', done);
      resolve();
    };
    entries.on('drain', done).on('close', done);
  });
}

async function unpackEntry(entry: Entry, root: string, rename: string | undefined, track: Track): Promise<void> {
  const { header } = entry;
  const target = safeTarget(root, header.name, rename);
  if (target !== root) await requireNoLinkOnTheWay(root, dirname(target), header.name);
  switch (header.type) {
    case 'directory':
      await requireNoLinkOnTheWay(root, target, header.name);
      await mkdir(target, { recursive: true });
      break;
    case 'file':
    case 'contiguous-file':
      track(0, true);
      await writeFile(entry, target, header, track);
      return;
    case 'symlink':
      await makeLink(root, target, header);
      break;
    default:
      break;
  }
  entry.resume();
}

/** Where an entry goes; throws for a name that leads out. */
export function safeTarget(root: string, name: string, rename: string | undefined): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (posix.isAbsolute(name) || parts.includes('..') || name.includes('\0')) throw escapes(name);
  if (rename !== undefined && parts.length > 0) parts[0] = rename;
  return join(root, ...parts);
}

async function requireNoLinkOnTheWay(root: string, path: string, name: string): Promise<void> {
  for (let at = path; at.length > root.length; at = dirname(at)) {
    const found = await lstat(at).catch(() => undefined);
    if (found?.isSymbolicLink()) throw escapes(name);
  }
}

async function writeFile(entry: Entry, target: string, header: Header, track: Track): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const found = await lstat(target).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) await rm(target); // never written through a link that stands there
  const file = await open(target, 'wx', (header.mode ?? 0o644) & 0o777);
  try {
    for await (const chunk of entry as AsyncIterable<Uint8Array>) {
      await file.write(chunk);
      track(chunk.length, false);
    }
  } finally {
    await file.close();
  }
}

async function makeLink(root: string, target: string, header: Header): Promise<void> {
  const linked = header.linkname ?? '';
  const leads = resolve(dirname(target), linked);
  if (posix.isAbsolute(linked) || !(leads === root || leads.startsWith(`${root}${sep}`)))
    throw escapes(`${header.name} → ${linked}`);
  await mkdir(dirname(target), { recursive: true });
  await rm(target, { force: true });
  await symlink(linked, target);
}

function escapes(name: string): CoopError {
  return new CoopError(
    'invalid_request',
    `The machine sent "${name}", which leads out of the destination. Nothing more was written.`,
    {
      hint: 'If you trust the run, pack the files there with tar and copy that one file.',
    },
  );
}
