import type { ReadStream, WriteStream } from 'node:tty';
import { makeLook, wantsColour } from './look/colours.ts';
import type { Look } from './look/colours.ts';

/**
 * Where a command speaks. Results go to stdout, everything beside them (progress, questions, warnings, errors) to stderr, so that
 * `coop run … > file` holds what the workload printed and nothing else.
 */
export type Terminal = {
  stdin: ReadStream;
  stdout: WriteStream;
  stderr: WriteStream;
  /** For text on stdout, and for text on stderr. */
  look: Look;
  asideLook: Look;
  /** Columns of stdout; Infinity when it is no terminal, so that files and pipes get everything. */
  width: number;
  asideWidth: number;
  /** Somebody is there to be asked. */
  interactive: boolean;
  json: boolean;
  explain: boolean;
  verbose: boolean;
  nowMs: () => number;
  print: (text: string) => void;
  aside: (text: string) => void;
  printJson: (value: unknown) => void;
};

export function openTerminal(
  process: NodeJS.Process,
  options: { json: boolean; explain: boolean; verbose: boolean },
): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    stdin,
    stdout,
    stderr,
    look: makeLook(wantsColour(env, stdout.isTTY === true)),
    asideLook: makeLook(wantsColour(env, stderr.isTTY === true)),
    width: columnsOf(stdout, env),
    asideWidth: columnsOf(stderr, env),
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    ...options,
    nowMs: () => Date.now(),
    print: (text) => void stdout.write(`${text}\n`),
    aside: (text) => void stderr.write(`${text}\n`),
    printJson: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
  };
}

function columnsOf(stream: WriteStream, env: NodeJS.ProcessEnv): number {
  const wished = Number(env['COLUMNS']);
  if (stream.isTTY !== true) return Number.POSITIVE_INFINITY;
  return wished > 0 ? wished : (stream.columns ?? 80);
}
