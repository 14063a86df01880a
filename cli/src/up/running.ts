import { readFileSync } from 'node:fs';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { makePrivateDirectory, readText, writeJson } from '../home.ts';
import type { Home } from '../home.ts';

/** What up.json says of a running `coop up`: the lock of its home, and how others find it. */

const Process = z.object({
  pid: z.number().int(),
  /** Since boot, in clock ticks: a pid that was given out again has another one. Null where /proc is missing. */
  started: z.string().nullable(),
});
const Running = z.object({
  ...Process.shape,
  url: z.string().nullable(),
  ready: z.boolean(),
  children: z.record(z.string(), Process),
});
export type Running = z.infer<typeof Running>;

/** Undefined: nobody. A file whose writer is dead is given as `left`, with the children that outlived it. */
export async function whoRuns(home: Home): Promise<{ running?: Running; left?: Running }> {
  return judged(await readText(home.running));
}

/** A file cut short by a full disk or a power loss is nobody's: it is only ever written whole. */
function judged(text: string | undefined): { running?: Running; left?: Running } {
  const parsed = Running.safeParse(parsedJson(text));
  if (!parsed.success) return {};
  return isAlive(parsed.data) ? { running: parsed.data } : { left: parsed.data };
}

function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}

export function isAlive({ pid, started }: { pid: number; started: string | null }): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return started === null || startOf(pid) === started;
}

export function startOf(pid: number): string | null {
  try {
    // The name, in parentheses, may hold anything; the 22nd field is the 20th behind it.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** `left`: children of a `coop up` that was killed, which may still be alive. */
export type Lock = {
  left: Running['children'];
  update: (change: Partial<Running>) => Promise<void>;
  release: () => Promise<void>;
};

/** Takes the home for this process. Throws `wrong_state` when another `coop up` has it. */
export async function lockHome(home: Home): Promise<Lock> {
  await makePrivateDirectory(home.dir);
  let state: Running = { pid: process.pid, started: startOf(process.pid), url: null, ready: false, children: {} };
  const left = await takeFile(home.running, JSON.stringify(state));
  let writing = Promise.resolve();
  let released = false;
  return {
    left: left?.children ?? {},
    update: (change) => {
      if (released) return writing; // a child that ended last is of no interest any more
      state = { ...state, ...change };
      const now = state;
      writing = writing.then(() => writeJson(home.running, now));
      return writing;
    },
    release: async () => {
      released = true;
      await writing;
      await rm(home.running, { force: true });
    },
  };
}

let takings = 0;

/** Makes the file, whole or not at all, in place of one whose writer is dead; gives what that one said. */
async function takeFile(path: string, content: string): Promise<Running | undefined> {
  const own = `${path}.${process.pid}.${takings++}`;
  await writeFile(own, content, { mode: 0o600 });
  try {
    for (;;) {
      // A hard link makes the name or fails: of two that start at once, one gets it.
      if (await link(own, path).then(() => true, alreadyThere)) return undefined;
      const found = await readText(path);
      const { running, left } = judged(found);
      if (running !== undefined) throw alreadyRunning(running);
      if (found !== undefined && (await replace(path, found, own, content))) return left;
    }
  } finally {
    await rm(own, { force: true });
  }
}

/** Many may see the same dead file. Who holds the file behind it, taken like any other, puts his own in its place, if it is still that one. */
async function replace(path: string, dead: string, own: string, content: string): Promise<boolean> {
  const behind = `${path}.after`;
  await takeFile(behind, content);
  try {
    if ((await readText(path)) !== dead) return false;
    await rename(own, path);
    return true;
  } finally {
    await rm(behind, { force: true });
  }
}

function alreadyThere(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false;
  throw error;
}

export function alreadyRunning({ pid, url }: Running): CoopError {
  return new CoopError(
    'wrong_state',
    `coop up runs already for this home: ${url ?? 'it is starting'}, process ${pid}.`,
    {
      hint: 'Use it as it is, or end it with coop down.',
    },
  );
}
