import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Exit, LaunchRequest } from './lease-dir.ts';
import { writeJson } from './lease-dir.ts';
import { cookieBearers, identityOf, membersOf } from './identity.ts';
import { LogWriter } from './log-files.ts';

/**
 * Stands beside one command for its whole life, in place of a container engine: writes its log, watches its memory, notes how it
 * ended. A process of its own, so that neither is lost when the agent is restarted. Run by launch.ts with a LaunchRequest on stdin.
 */
const request = JSON.parse(await text(process.stdin)) as LaunchRequest;
const WATCH_MS = 500;
const PAGE_BYTES = 4096;
const SETTLE_MS = 1000;

// The agent's terminal going away, or a polite signal meant for the agent's group, ends nothing here.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'] as const) process.on(signal, () => undefined);

claim();
const log = new LogWriter(join(request.dir, 'log'));
let reason: Exit['reason'] = null;
let detail: string | null = null;

const [program, ...args] = request.argv as [string, ...string[]];
const path = findProgram(program);
if (path === undefined) {
  await finish({
    exit_code: 127,
    reason: 'command_not_found',
    detail: `There is no program "${program}" on this machine.`,
  });
  process.exit(0);
}

const child = spawn(...limited(path, args), {
  cwd: request.cwd,
  env: request.env,
  detached: true,
  stdio: ['ignore', 'pipe', 'pipe'],
});
child.on('error', async (error) => {
  await finish({ exit_code: 126, reason: 'command_not_found', detail: error.message });
  process.exit(0);
});
for (const stream of ['stdout', 'stderr'] as const) {
  child[stream].on('data', (chunk: Buffer) => log.write(stream, chunk));
  child[stream].on('close', () => log.end(stream));
}
// Listened for at once: a short command ends before the next line has run.
const ended = new Promise<number>((resolve) =>
  child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal))),
);
const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));

if (child.pid !== undefined) {
  const leader = child.pid;
  await writeJson(join(request.dir, 'launch.json'), {
    supervisor: identityOf(process.pid),
    // Without a start time it is nobody: it has ended already.
    command: identityOf(leader) ?? { pid: leader, started: '' },
    cookie: request.cookie,
    started_at: new Date().toISOString(),
  });
  const watch = setInterval(() => watchLimits(leader), WATCH_MS);
  const exit_code = await ended;
  clearInterval(watch);
  const finished_at = new Date().toISOString();
  endRest(leader);
  // Its output is read to the end; a process that escaped and holds the pipe open does not hold up the end.
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, SETTLE_MS))]);
  for (const stream of ['stdout', 'stderr'] as const) log.end(stream);
  await finish({ exit_code, finished_at, reason, detail });
  process.exit(0);
}

/** One supervisor a lease: an agent that was killed while it started one starts another, which leaves it to the first. */
function claim(): void {
  try {
    closeSync(openSync(join(request.dir, 'claimed'), 'wx'));
  } catch {
    process.exit(0);
  }
}

/** Memory and processes are watched, not enforced: there is no cgroup without privileges, and limits on address space break GPUs. */
function watchLimits(leader: number): void {
  const members = membersOf(leader);
  const residentMib = (members.reduce((sum, member) => sum + member.residentPages, 0) * PAGE_BYTES) / 1024 / 1024;
  // Pages that forked processes share were counted once each; the exact sum costs more, so it is asked for only here.
  const usedMib = residentMib > request.memoryMib ? proportionalMib(members.map((member) => member.pid)) : residentMib;
  if (usedMib > request.memoryMib) {
    [reason, detail] = ['out_of_memory', `It used ${Math.round(usedMib)} MiB of ${request.memoryMib} MiB.`];
  } else if (members.length > request.pidsMax) {
    [reason, detail] = [
      'command_failed',
      `It had ${members.length} processes; at most ${request.pidsMax} are allowed.`,
    ];
  } else {
    return;
  }
  endRest(leader);
}

function proportionalMib(pids: number[]): number {
  const kibs = pids.map((member) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${member}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return kibs.reduce((sum, kib) => sum + kib, 0) / 1024;
}

/** The lease ends with its command: what it left behind ends too. */
function endRest(leader: number): void {
  for (let round = 0; round < 5; round++) {
    const rest = [
      ...new Set([
        ...membersOf(leader)
          .filter(({ state }) => state !== 'Z')
          .map((member) => member.pid),
        ...cookieBearers(request.cookie),
      ]),
    ];
    if (rest.length === 0) return;
    for (const member of rest) {
      try {
        process.kill(member, 'SIGKILL');
      } catch {
        // Ended already.
      }
    }
  }
}

async function finish(exit: Omit<Exit, 'finished_at'> & { finished_at?: string }): Promise<void> {
  await writeJson(join(request.dir, 'exit.json'), { finished_at: new Date().toISOString(), ...exit } satisfies Exit);
}

/** A bound on a fork bomb that is faster than any watch, for users other than root; and no core dumps. */
function limited(command: string, rest: string[]): [string, string[]] {
  const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find((candidate) => existsSync(candidate));
  if (prlimit === undefined) return [command, rest];
  const uid = process.getuid?.();
  const nproc = uid === undefined || uid === 0 ? [] : [`--nproc=${ownProcesses(uid) + request.pidsMax}`];
  return [prlimit, ['--core=0', ...nproc, '--', command, ...rest]];
}

/** The kernel counts all processes of the user, not only ours. */
function ownProcesses(uid: number): number {
  return membersOf(1).filter(({ pid: member }) => {
    try {
      return statSync(`/proc/${member}`).uid === uid;
    } catch {
      return false;
    }
  }).length;
}

function findProgram(name: string): string | undefined {
  const candidates = name.includes('/')
    ? [resolve(request.cwd, name)]
    : (request.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGQUIT: 3,
    SIGABRT: 6,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGPIPE: 13,
    SIGTERM: 15,
  };
  return signal === null ? 0 : (numbers[signal] ?? 0);
}
