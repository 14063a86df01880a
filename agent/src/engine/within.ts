import { EngineError } from './engine-error.ts';

/** Every call to an engine has an end: after it, `engine_unavailable`. The call itself is told by the signal, where it listens. */
export async function within<T>(
  timeoutMs: number,
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborter = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new EngineError('engine_unavailable', `The engine did not answer within ${timeoutMs / 1000} s: ${what}.`));
      aborter.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([call(aborter.signal), expiry]);
  } finally {
    clearTimeout(timer);
  }
}
