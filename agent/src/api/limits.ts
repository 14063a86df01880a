import type { ServerHttp2Stream } from 'node:http2';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** Waits so long and no longer. What comes too late is given to `discard`. */
export async function within<Result>(
  ms: number,
  what: string,
  work: Promise<Result>,
  discard?: (late: Result) => void,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  work.then((result) => over && discard?.(result)).catch(() => undefined);
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      over = true;
      reject(new CoopError('timeout', `The machine took longer than ${ms / 1000} s for ${what}.`));
    }, ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** A stream on which nothing moves is cut off. */
export function closeWhenIdle(stream: ServerHttp2Stream, ms: number): void {
  stream.setTimeout(ms, () => stream.destroy(new Error('nothing moved for too long')));
}
