import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReadinessProbe } from '@gpucoop/protocol/spec.ts';
import { EngineError } from './engine/engine-error.ts';
import type { Engine } from './engine/engine.ts';

const TRY_MS = 5000;
const LEAVE_MS = 1000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
const STATUS_LINE_BYTES = 4096;

/** Tries till the workload answers. Rejects only with the reason of the signal; `started` is the caller's to see. */
export async function untilAnswers(
  engine: Pick<Engine, 'connect'>,
  containerId: string,
  probe: Exclude<ReadinessProbe, { kind: 'started' }>,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
    signal.throwIfAborted();
    if (await answersOnce(engine, containerId, probe, signal)) return;
    await pause(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** False when the container ended first. Throws `probe_timeout` when neither came in time. */
export async function answersBeforeEnd(
  probe: (signal: AbortSignal) => Promise<void>,
  end: (signal: AbortSignal) => Promise<unknown>,
  { limitS, signal: interrupt }: { limitS: number; signal: AbortSignal },
): Promise<boolean> {
  const over = new AbortController();
  const timeout = setTimeout(
    () => over.abort(new EngineError('probe_timeout', `The workload did not answer within ${limitS} s.`)),
    limitS * 1000,
  );
  const signal = AbortSignal.any([over.signal, interrupt]);
  try {
    return await Promise.race([probe(signal).then(() => true), end(signal).then(() => false)]);
  } finally {
    clearTimeout(timeout);
    over.abort();
  }
}

async function answersOnce(
  engine: Pick<Engine, 'connect'>,
  containerId: string,
  probe: Exclude<ReadinessProbe, { kind: 'started' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]);
  let socket: Duplex | undefined;
  try {
    socket = await connectWithin(engine, containerId, probe.port, limit);
    return probe.kind === 'tcp' || (await answersHttp(socket, probe.port, probe.path, limit));
  } catch {
    return false;
  } finally {
    if (socket !== undefined) takeLeave(socket);
  }
}

/** In order: with something unread a closed connection is reset, and that ends a server which does not expect it. */
function takeLeave(socket: Duplex): void {
  const cut = setTimeout(() => socket.destroy(), LEAVE_MS).unref();
  socket.on('error', () => {}).once('close', () => clearTimeout(cut));
  socket.resume().end();
}

/** A connection that comes after the time is up is closed. */
function connectWithin(
  engine: Pick<Engine, 'connect'>,
  containerId: string,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    engine
      .connect(containerId, port)
      .then((socket) => (signal.aborted ? socket.on('error', () => {}).destroy() : resolve(socket)), reject)
      .finally(() => signal.removeEventListener('abort', giveUp));
  });
}

/** A status from 200 to 399 means ready. */
function answersHttp(socket: Duplex, port: number, path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let head = '';
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('close', () => (signal.removeEventListener('abort', giveUp), resolve(false)));
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      const status = /^HTTP\/1\.[01] (\d{3})[ \r\n]/.exec(head)?.[1];
      if (status !== undefined) resolve(status >= '200' && status < '400');
      else if (head.length > STATUS_LINE_BYTES || (head.length >= 13 && !head.startsWith('HTTP/1.'))) resolve(false);
    });
    const target = encodeURI(path.startsWith('/') ? path : `/${path}`);
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: coop-probe\r\nConnection: close\r\n\r\n`,
    );
  });
}
