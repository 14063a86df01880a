import { confirm, isCancel, password } from '@clack/prompts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { signalExit } from './rent/exit-code.ts';
import type { Terminal } from './terminal.ts';

/** Questions to a person. Without a terminal nobody is asked: the flag that answers is named instead. */

export async function agreed(terminal: Terminal, question: string, flag = '--yes'): Promise<boolean> {
  if (!terminal.interactive) {
    throw new CoopError('invalid_request', `This needs an answer, and there is no terminal to ask on: ${question}`, {
      hint: `Answer it with ${flag}.`,
    });
  }
  const answer = await confirm({ message: question, input: terminal.stdin, output: terminal.stderr, withGuide: false });
  if (isCancel(answer)) {
    // Every question stands before what it asks about, so nothing has to be taken back.
    terminal.aside('Nothing was done.');
    process.exit(signalExit.SIGINT);
  }
  return answer;
}

/** Typed without echo on a terminal, else everything on stdin (one closing line break cut off). */
export async function askSecret(terminal: Terminal, what: string): Promise<string> {
  if (!terminal.interactive) return readAll(terminal.stdin, what);
  const answer = await password({ message: what, input: terminal.stdin, output: terminal.stderr, withGuide: false });
  if (isCancel(answer)) throw new CoopError('invalid_request', `${what}: nothing was given.`);
  return answer ?? '';
}

async function readAll(stdin: NodeJS.ReadableStream, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (text === '')
    throw new CoopError('invalid_request', `${what}: stdin held nothing.`, {
      hint: 'Pipe the value in, or run it in a terminal to be asked.',
    });
  return text;
}
