import { Worker } from 'node:worker_threads';
import type { OpenedParts, Parts } from '../../prover.ts';
import type { Bank } from './banks.ts';

/** The worker threads of one piece of work, and the orders they understand. */
export type WorkerSetup = {
  n: number;
  slabs: number;
  key: Uint32Array;
  worker: number;
  workers: number;
  banks: Bank[];
  /** Where they meet after each round: how many have arrived, and how many meetings there were. */
  meeting: Int32Array;
};

export type Order =
  | { kind: 'fill'; roots: SharedArrayBuffer }
  | { kind: 'reside'; passKey: Uint32Array; roots: SharedArrayBuffer }
  | { kind: 'open'; parts: Parts; passKeys: Uint32Array[] };
export type Report = { kind: 'done' } | { kind: 'opened'; opened: OpenedParts } | { kind: 'progress'; slabs: number };

export type Crew = {
  readonly size: number;
  /** One worker does it; resolves with its last report. */
  order: (worker: number, order: Order) => Promise<Report>;
  /** Ends all threads, whatever they do; orders under way are rejected with the reason. */
  dismiss: (reason: unknown) => Promise<void>;
};

export function openCrew(setup: Omit<WorkerSetup, 'worker'>, progress: (slabs: number) => void): Crew {
  let ended: { reason: unknown } | undefined;
  const waiting = new Set<(reason: unknown) => void>();
  const threads = Array.from({ length: setup.workers }, (_, worker) => {
    const thread = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { ...setup, worker } });
    thread.unref();
    thread.on('error', (error) => fail(error));
    return thread;
  });
  const fail = (reason: unknown): void => {
    for (const reject of waiting) reject(reason);
    waiting.clear();
  };
  return {
    size: threads.length,
    order: (worker, order) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended.reason);
        const thread = threads[worker]!;
        const heard = (report: Report): void => {
          if (report.kind === 'progress') return progress(report.slabs);
          thread.off('message', heard);
          thread.unref();
          waiting.delete(reject);
          resolve(report);
        };
        waiting.add(reject);
        thread.on('message', heard);
        thread.ref();
        thread.postMessage(order);
      }),
    dismiss: async (reason) => {
      ended ??= { reason };
      fail(reason);
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}
