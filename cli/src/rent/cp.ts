import { stat } from 'node:fs/promises';
import { basename, posix, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { formatBytes, formatDuration } from '@gpucoop/protocol/sizes.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import { command } from '../grammar.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { findRun } from './find-run.ts';
import { packTar } from './pack-tar.ts';
import { openProgress } from './progress.ts';
import { unpackTar } from './unpack-tar.ts';

export const cp = command({
  about: 'Copy files into a run and out of it',
  details:
    'One side is a path here, the other RUN:PATH. Directories are copied whole. Files can be fetched for a day after the run has ended.',
  positionals: [
    { name: 'FROM', about: 'A path here, or RUN:PATH' },
    { name: 'TO', about: 'A path here, or RUN:PATH' },
  ],
  flags: {},
  examples: [
    ['coop cp ./data train:/data', 'A directory into the container, as /data/data when /data is there, else as /data.'],
    ['coop cp train:/out/model.bin .', 'A file back.'],
  ],
  run: async (input) => {
    const { args, terminal } = input;
    const from = parseSide(args[0]!);
    const to = parseSide(args[1]!);
    if (from.run === undefined && to.run === undefined) {
      throw new CoopError('invalid_request', 'One side must be in a run.', {
        hint: 'Write it as RUN:PATH, like train:/data.',
      });
    }
    if (from.run !== undefined && to.run !== undefined) {
      throw new CoopError('invalid_request', 'One side must be on this computer.', {
        hint: 'Copy it here first, then on.',
      });
    }
    if (args.includes('-')) {
      throw new CoopError('invalid_request', 'coop cp copies files, not streams.', {
        hint: `Through a pipe: coop exec ${from.run ?? to.run} -- cat FILE, or coop exec -i ${from.run ?? to.run} -- sh -c 'cat > FILE'.`,
      });
    }
    const { client } = await openSession(input);
    const typed = from.run ?? to.run!;
    const { id } = await findRun(client, typed);
    const copied =
      from.run === undefined
        ? await upload(client, id, from.path, to.path, terminal)
        : await download(client, id, from.path, to.path, terminal);
    if (terminal.json) terminal.printJson(copied);
    else
      terminal.aside(
        `${copied.files} ${copied.files === 1 ? 'file' : 'files'}, ${formatBytes(copied.bytes)} in ${formatDuration(copied.seconds) === '0s' ? 'under a second' : formatDuration(copied.seconds)}`,
      );
  },
});

export type Copied = { files: number; bytes: number; seconds: number };
type Side = { run: string | undefined; path: string };

/** `train:/data` is in a run; `./a:b`, `/a:b` and anything with a slash before the colon is a path here. */
export function parseSide(text: string): Side {
  const match = /^([A-Za-z0-9][\w.-]*):(.*)$/s.exec(text);
  if (match === null) return { run: undefined, path: text };
  const path = match[2] === '' ? '.' : match[2]!;
  return { run: match[1], path };
}

async function upload(client: Client, runId: string, from: string, to: string, terminal: Terminal): Promise<Copied> {
  const local = resolve(from);
  const found = await stat(local).catch(() => undefined);
  if (found === undefined) throw new CoopError('not_found', `There is no ${from} here.`);
  const { directory, name } = await placeFor(client, runId, to, basename(local));
  const track = tracker(terminal, `copying ${basename(local)}`);
  await client.runs.writeFiles(runId, directory, packTar(local, name, track.add));
  return track.done();
}

/** As `cp -r`: into a directory that is there or is written with a slash, else under the name given. */
async function placeFor(
  client: Client,
  runId: string,
  to: string,
  name: string,
): Promise<{ directory: string; name: string }> {
  const path = posix.normalize(to);
  if (to.endsWith('/') || path === '.' || path === '/' || (await isDirectoryThere(client, runId, path)))
    return { directory: path, name };
  return { directory: posix.dirname(path), name: posix.basename(path) };
}

/** Asks with a tar of the path itself, of which only the first header is read. */
async function isDirectoryThere(client: Client, runId: string, path: string): Promise<boolean> {
  let stream;
  try {
    stream = await client.runs.readFiles(runId, path);
  } catch (error) {
    if (error instanceof CoopError && error.code === 'not_found') return false;
    throw error;
  }
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < 512) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  await reader.cancel().catch(() => {});
  const header = Buffer.concat(chunks);
  return header.length >= 512 && String.fromCharCode(header[TYPE_FLAG]!) === '5';
}

const TYPE_FLAG = 156; // of a tar header; 5 is a directory

async function download(client: Client, runId: string, from: string, to: string, terminal: Terminal): Promise<Copied> {
  const local = resolve(to);
  const into = (await stat(local).catch(() => undefined))?.isDirectory() || to.endsWith('/');
  const track = tracker(terminal, `copying ${posix.basename(from)}`);
  const tar = Readable.fromWeb((await client.runs.readFiles(runId, from)) as never);
  await unpackTar(
    tar,
    into ? { directory: local, rename: undefined } : { directory: resolve(local, '..'), rename: basename(local) },
    track.add,
  );
  return track.done();
}

export type Track = (bytes: number, newFile: boolean) => void;

function tracker(terminal: Terminal, what: string): { add: Track; done: () => Copied } {
  const progress = terminal.stderr.isTTY === true && !terminal.json ? openProgress(terminal) : undefined;
  const startedMs = terminal.nowMs();
  const copied = { files: 0, bytes: 0 };
  return {
    add: (bytes, newFile) => {
      copied.bytes += bytes;
      if (newFile) copied.files += 1;
      const seconds = (terminal.nowMs() - startedMs) / 1000;
      const speed = seconds < 1 ? '' : `, ${formatBytes(copied.bytes / seconds)}/s`;
      progress?.say(
        `${what}  ${copied.files} ${copied.files === 1 ? 'file' : 'files'}, ${formatBytes(copied.bytes)}${speed}`,
      );
    },
    done: () => {
      progress?.clear();
      return { ...copied, seconds: (terminal.nowMs() - startedMs) / 1000 };
    },
  };
}
