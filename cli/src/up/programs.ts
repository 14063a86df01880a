import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Home } from '../home.ts';

/** The programs of the other rooms, which `coop` starts and never imports. */
const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const programs = {
  server: pathOf('../../../server/src/main.ts'),
  agent: pathOf('../../../agent/src/main.ts'),
  prove: pathOf('../../../proof/src/program/main.ts'),
  cli: pathOf('../main.ts'),
};

export type ServerOptions = {
  port: number;
  listen: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  policy: string | undefined;
};

export function serverArgs(home: Home, { port, listen, cert, key, policy }: ServerOptions): string[] {
  return [
    programs.server,
    '--home',
    home.dir,
    ...(listen === undefined ? ['--port', String(port)] : ['--listen', listen]),
    ...(cert === undefined ? [] : ['--tls-cert', cert]),
    ...(key === undefined ? [] : ['--tls-key', key]),
    ...(policy === undefined ? [] : ['--policy', policy]),
  ];
}

/** Runs a short program to its end; its last words become the error. */
export async function runToEnd(args: string[], env: NodeJS.ProcessEnv, what: string, hint?: string): Promise<string> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return Buffer.concat(out).toString('utf8');
  const words = lastWords(Buffer.concat(said).toString('utf8').split('\n'));
  throw new CoopError('unavailable', `${what} failed: ${words}`, hint === undefined ? {} : { hint });
}

/** What a program said last that a person can read: the error of a crash, not the stack below it. */
export function lastWords(lines: readonly string[]): string {
  const told = lines.map((line) => messageOf(line)).filter((line) => line !== '');
  const crash = told.find((line) => /^\w*Error\b.*: /.test(line));
  return crash ?? (told.slice(-3).join(' / ') || 'it said nothing');
}

/** pino's number. */
const WARNING = 40;

function messageOf(line: string): string {
  // Node's own warnings are not ours to tell.
  if (/^\((node:\d+\)|Use `node --trace-)/.test(line)) return '';
  if (!line.startsWith('{')) return line.trim();
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level?: string | number;
      msg?: string;
      err?: { message?: string };
    };
    // What it did before that went well.
    if (level === 'info' || level === 'debug' || (typeof level === 'number' && level < WARNING)) return '';
    return [msg, err?.message].filter(Boolean).join(': ');
  } catch {
    return line.trim();
  }
}
