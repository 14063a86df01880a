import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecRequest } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { ExecSession } from '../engine.ts';
import { identityOf, membersOf, signalGroup } from './identity.ts';
import type { Launch } from './lease-dir.ts';

const RESIZE_MS = 2000;

/** A further process in the lease's directory and environment. It carries the lease's cookie, so it ends with the lease. */
export async function startExec(launch: Launch, work: string, request: ExecRequest): Promise<ExecSession> {
  const env = {
    ...(await environmentOf(launch, work)),
    ...(request.tty && { TERM: 'xterm-256color' }),
    ...request.env,
    COOP_COOKIE: launch.cookie,
  };
  const [program, ...args] = (request.tty ? inTerminal(request) : request.command) as [string, ...string[]];
  const child = spawn(program, args, { cwd: work, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined);
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  const exit = new Promise<number>((resolve) => {
    // As docker says it: not found.
    child.once('error', () => resolve(127));
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
  // A terminal mixes the two; what `script` itself has to say is not the command's.
  if (request.tty) child.stderr.resume();
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: request.tty ? null : child.stderr,
    resize: async (columns, rows) => {
      if (child.pid !== undefined && request.tty) await resize(child.pid, columns, rows);
    },
    exit,
    kill() {
      if (identity === undefined) return;
      // A terminal's command leads a session of its own.
      for (const { pid } of membersOf(identity.pid))
        if (pid !== identity.pid) signalGroup(identityOf(pid) ?? identity, 'SIGKILL');
      signalGroup(identity, 'SIGKILL');
    },
  };
}

/** The environment of the command itself: it is kept nowhere else, because it holds secrets. */
async function environmentOf(launch: Launch, work: string): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${launch.command.pid}/environ`, 'utf8').catch(() => '');
  const entries = text.split('\0').filter((line) => line.includes('='));
  if (entries.length === 0) return { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: work };
  return Object.fromEntries(
    entries.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** util-linux's `script` has the terminal that Node cannot make. */
function inTerminal({ command, columns, rows }: ExecRequest): string[] {
  const script = ['/usr/bin/script', '/bin/script'].find((path) => existsSync(path));
  if (script === undefined)
    throw new CoopError('invalid_request', 'This machine has no `script` program, so there is no terminal.', {
      hint: 'Run it without -t.',
    });
  const size = columns === null || rows === null ? '' : `stty cols ${columns} rows ${rows}; `;
  return [script, '-qefc', `${size}exec ${command.map(quote).join(' ')}`, '/dev/null'];
}

/** Asked right after the start, the command has no terminal yet. */
async function resize(scriptPid: number, columns: number, rows: number): Promise<void> {
  const deadline = performance.now() + RESIZE_MS;
  for (;;) {
    const terminal = await terminalOf(scriptPid);
    if (terminal !== undefined) return stty(terminal, columns, rows);
    if (performance.now() > deadline) return;
    await sleep(20);
  }
}

async function terminalOf(scriptPid: number): Promise<string | undefined> {
  for (const { pid } of membersOf(scriptPid)) {
    const input = pid === scriptPid ? '' : await readlink(`/proc/${pid}/fd/0`).catch(() => '');
    if (input.startsWith('/dev/pts/')) return input;
  }
  return undefined;
}

function stty(terminal: string, columns: number, rows: number): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('stty', ['-F', terminal, 'cols', String(columns), 'rows', String(rows)], { stdio: 'ignore' });
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
