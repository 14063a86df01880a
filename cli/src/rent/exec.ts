import { finished, pipeline } from 'node:stream/promises';
import type { ExecSession } from '@gpucoop/sdk/exec.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { command } from '../grammar.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { COOP_FAILED } from './exit-code.ts';
import { findRun } from './find-run.ts';
import { RUN } from './logs.ts';

export const exec = command({
  about: 'Run a command inside a running run',
  details: 'With -i stdin goes to the command, with -t it gets a terminal. The exit code is the command’s own.',
  positionals: [
    RUN,
    {
      name: 'COMMAND',
      about: 'With its arguments; put it behind -- when it has options',
      optional: true,
      repeated: true,
    },
  ],
  rest: { name: 'COMMAND', about: 'What to run, with its arguments', optional: true },
  flags: {
    interactive: { type: 'boolean', short: 'i', about: 'Give it stdin' },
    tty: { type: 'boolean', short: 't', about: 'Give it a terminal' },
    env: { type: 'string', short: 'e', value: 'K=V', about: 'A variable', multiple: true },
    user: { type: 'string', short: 'u', value: 'USER', about: 'As this user of the container' },
  },
  failureCode: COOP_FAILED,
  examples: [
    ['coop exec -it train -- bash', 'A shell.'],
    ['coop exec -i train -- tar x < code.tar', 'stdin is piped through.'],
  ],
  run: async (input) => {
    const { flags, args, rest, terminal } = input;
    const [typed, ...words] = args;
    const argv = [...words, ...rest];
    if (argv.length === 0)
      throw new CoopError('invalid_request', 'coop exec needs a command.', { hint: `coop exec -it ${typed} -- sh` });
    if (flags.tty && !terminal.interactive) {
      throw new CoopError('invalid_request', 'There is no terminal here to give it.', {
        at: '--tty',
        hint: 'Leave -t out.',
      });
    }
    const { client } = await openSession(input);
    const run = await findRun(client, typed!);
    const session = await client.runs.exec(run.id, {
      command: argv,
      tty: flags.tty,
      columns: flags.tty ? terminal.stdout.columns : null,
      rows: flags.tty ? terminal.stdout.rows : null,
      env: Object.fromEntries(flags.env.map(variable)),
      user: flags.user ?? null,
    });
    return flags.tty ? withTerminal(session, terminal) : withPipes(session, terminal, flags.interactive);
  },
});

function variable(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  const own = process.env[text];
  if (own === undefined)
    throw new CoopError('invalid_request', `${text} is not set in your environment.`, { at: '--env' });
  return [text, own];
}

/** Every key goes to the command, Ctrl-C too; the terminal is put back whatever happens. */
async function withTerminal(session: ExecSession, { stdin, stdout }: Terminal): Promise<number> {
  const resize = (): void => session.resize(stdout.columns, stdout.rows);
  stdin.setRawMode(true);
  stdout.on('resize', resize);
  stdin.on('data', (chunk: Buffer) => void session.stdin.write(chunk));
  session.stdout.pipe(stdout, { end: false });
  try {
    return await session.exit;
  } finally {
    stdout.off('resize', resize);
    stdin.setRawMode(false);
    stdin.pause();
  }
}

async function withPipes(session: ExecSession, terminal: Terminal, interactive: boolean): Promise<number> {
  const interrupted = (): void => session.close();
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  // The command may end before its input does; what is left over then goes nowhere.
  if (interactive) pipeline(terminal.stdin, session.stdin).catch(() => {});
  else session.stdin.end();
  session.stdout.pipe(terminal.stdout, { end: false });
  session.stderr.pipe(terminal.stderr, { end: false });
  try {
    const code = await session.exit;
    await Promise.all([drained(session.stdout), drained(session.stderr)]);
    return code;
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}

const drained = (stream: NodeJS.ReadableStream): Promise<void> => finished(stream, { writable: false }).catch(() => {});
