import { readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { z } from 'zod';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { makePrivateDirectory, readJson, writeJson } from '../home.ts';
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
  const parsed = Running.safeParse(await readJson(home.running));
  if (!parsed.success) return {};
  return isAlive(parsed.data) ? { running: parsed.data } : { left: parsed.data };
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
  const { running, left } = await whoRuns(home);
  if (running !== undefined) throw alreadyRunning(running);
  if (left !== undefined) await rm(home.running, { force: true });
  let state: Running = { pid: process.pid, started: startOf(process.pid), url: null, ready: false, children: {} };
  try {
    const file = await open(home.running, 'wx', 0o600); // of two that start at once, one gets it
    await file.writeFile(JSON.stringify(state));
    await file.close();
  } catch (error) {
    const other = (await whoRuns(home)).running;
    throw other === undefined ? error : alreadyRunning(other);
  }
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

export function alreadyRunning({ pid, url }: Running): CoopError {
  return new CoopError(
    'wrong_state',
    `coop up runs already for this home: ${url ?? 'it is starting'}, process ${pid}.`,
    {
      hint: 'Use it as it is, or end it with coop down.',
    },
  );
}
