import { CoopError, Problem } from '@gpucoop/protocol/problem.ts';
import type { z } from 'zod';
import { brokenOff } from './http2-duplex.ts';
import type { StreamDuplex } from './stream-duplex.ts';

/** The whole answer, at most `maxBytes` of it. */
export async function readAnswer(stream: StreamDuplex, maxBytes: number): Promise<{ status: number; body: string }> {
  const { status } = await stream.head;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new CoopError('machine_unreachable', `The machine answered with more than ${maxBytes} bytes.`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw brokenOff(error);
  }
  return { status, body: Buffer.concat(chunks).toString('utf8') };
}

/** JSON of a good answer; a Problem becomes the CoopError it came from. */
export function parseAnswer<Answer>(status: number, body: string, answer?: z.ZodType<Answer>): Answer {
  let json: unknown;
  try {
    json = body === '' ? null : JSON.parse(body);
  } catch (error) {
    throw new CoopError('machine_unreachable', `The machine answered with status ${status} and no JSON.`, {
      cause: error,
    });
  }
  if (status >= 200 && status < 300) {
    if (answer === undefined) return json as Answer; // the caller said it takes what comes
    const parsed = answer.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new CoopError('machine_unreachable', 'The machine answered with something else than was asked for.', {
      cause: parsed.error,
    });
  }
  const problem = Problem.safeParse(json);
  if (!problem.success)
    throw new CoopError('machine_unreachable', `The machine answered with status ${status} and no reason.`);
  const { code, detail, hint } = problem.data;
  throw new CoopError(code, printable(detail), hint === undefined ? {} : { hint: printable(hint) });
}

/** A machine's words reach people and terminals: short, and no control characters. */
function printable(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- they are what is taken out
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
      .slice(0, 1000)
  );
}
