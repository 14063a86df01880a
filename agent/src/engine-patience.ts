import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { abortable } from './abortable.ts';
import { EngineError } from './engine/engine-error.ts';

type Patience = { signal: AbortSignal; retryMs: number; again?: 'unavailable' | 'whatever fails'; log: Logger };

/**
 * An engine that does not answer is asked again, till the signal: the container may well run, and only what is certain ends a lease.
 * What the engine says for certain is thrown, unless it is to be asked whatever it says.
 */
export async function askPatiently<Result>(ask: () => Promise<Result>, patience: Patience): Promise<Result> {
  const { signal, retryMs, again = 'unavailable', log } = patience;
  for (;;) {
    try {
      return await abortable(ask(), signal);
    } catch (error) {
      signal.throwIfAborted();
      const certain = error instanceof EngineError && error.reason !== 'engine_unavailable';
      if (certain && again === 'unavailable') throw error;
      log.warn({ err: error }, 'the engine did not answer, will ask again');
      await pause(retryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
