import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { command } from './grammar.ts';
import type { Command } from './grammar.ts';
import { programs } from './up/programs.ts';

/** `coop agent …`: that room's own program, with our terminal, signals and exit code. */
export function otherProgram(name: keyof typeof programs, about: string): Command {
  return command({
    about,
    passThrough: true,
    flags: {},
    run: async ({ rest }) => {
      const path = programs[name];
      if (!existsSync(path)) throw new CoopError('unavailable', `coop ${name} is not part of this installation.`);
      const child = spawn(process.execPath, [path, ...rest], { stdio: 'inherit' });
      const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
      // From a terminal Ctrl-C reaches the child by itself.
      process.on('SIGINT', () => process.stdin.isTTY || forward('SIGINT'));
      for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
      return new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
      });
    },
  });
}
