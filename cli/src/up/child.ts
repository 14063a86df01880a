import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openRotatingFile } from './rotating-file.ts';

/** A program of another room, kept alive: one that dies is started again, later each time. */
export type Child = {
  readonly name: string;
  readonly pid: number | undefined;
  /** The end of its first life, if it was never `settled`. */
  firstExit: Promise<Exit>;
  /** From now on its death is repaired, not reported. */
  settled: () => void;
  /** SIGTERM, and done when it is gone. */
  stop: () => Promise<void>;
  kill: () => void;
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null; lastLines: string[] };

export type ChildOptions = {
  name: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  onLine: (line: string) => void;
  /** Undefined: it has said that it does not want to be started again. */
  onDeath: (exit: Exit, againInMs: number | undefined) => void;
  onPid: (pid: number | undefined) => void;
};

const BACKOFF_MS = [500, 1000, 2000, 5000, 10_000, 30_000];
/** After so long a life the next death counts as the first. */
const WELL_AFTER_MS = 60_000;
const LAST_LINES = 30;
/** The agent's word for: this machine was removed from the network. */
const DO_NOT_START_AGAIN = 78;

export function startChild(options: ChildOptions): Child {
  const log = openRotatingFile(options.logFile);
  const first = Promise.withResolvers<Exit>();
  let process_: ChildProcess;
  let again: NodeJS.Timeout | undefined;
  let stopping = false;
  let isSettled = false;
  let deaths = 0;

  const start = (): void => {
    const bornMs = performance.now();
    const lastLines: string[] = [];
    // A session of its own: Ctrl-C is for us, who then stop things in the right order.
    process_ = spawn(process.execPath, options.args, {
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    options.onPid(process_.pid);
    for (const stream of [process_.stdout!, process_.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > LAST_LINES) lastLines.shift();
        log.write(line);
        options.onLine(line);
      });
    }
    process_.on('error', (error) => lastLines.push(error.message));
    process_.on('close', (code, signal) => {
      options.onPid(undefined);
      const exit = { code, signal, lastLines };
      if (!isSettled) first.resolve(exit);
      if (stopping || !isSettled) return;
      if (code === DO_NOT_START_AGAIN) return options.onDeath(exit, undefined);
      deaths = performance.now() - bornMs > WELL_AFTER_MS ? 0 : deaths + 1;
      const againInMs = BACKOFF_MS[Math.min(deaths, BACKOFF_MS.length - 1)]!;
      options.onDeath(exit, againInMs);
      again = setTimeout(start, againInMs);
    });
  };
  start();

  return {
    name: options.name,
    get pid() {
      return process_.pid;
    },
    firstExit: first.promise,
    settled: () => {
      isSettled = true;
    },
    stop: async () => {
      stopping = true;
      clearTimeout(again);
      if (process_.exitCode === null && process_.signalCode === null && process_.pid !== undefined) {
        const closed = once(process_, 'close');
        process_.kill('SIGTERM');
        await closed;
      }
      log.close();
    },
    kill: () => {
      stopping = true;
      clearTimeout(again);
      process_.kill('SIGKILL');
    },
  };
}
