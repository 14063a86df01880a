import { message, lengths, bodyOf } from './messages.ts';
import type { Challenge } from './messages.ts';
import type { Sign } from './transcript.ts';
import { beginVerification, deadlineMs, dueBytes, step } from './verifier.ts';
import type { Ended, Limits, Stage } from './verifier.ts';

/** Messages to and from a prover, in order. Where the bytes go, and what waits how long, is the caller's. */
export type Link = {
  send: (bytes: Uint8Array) => Promise<void>;
  /**
   * The next message with the time at which it had come in full; `late` after the deadline, `lost` when no more can come. One that is longer
   * than `most` bytes may be cut there: it is wrong already.
   */
  receive: (most: number, deadlineMs: number) => Promise<{ bytes: Uint8Array; atMs: number } | 'late' | 'lost'>;
};

export type Conversation = {
  sign: Sign;
  /** A monotonic clock. */
  nowMs: () => number;
  /** 32 bytes that nobody can foresee. */
  fresh: () => Uint8Array;
  stage?: (stage: Stage, answered: number) => void;
};

/** Carries one verification out, from the challenge to its end. */
export async function converse(
  link: Link,
  challenge: Challenge,
  limits: Limits,
  { sign, nowMs, fresh, stage }: Conversation,
): Promise<Ended> {
  let { state, send } = await beginVerification(challenge, limits, sign);
  let answered = 0;
  for (;;) {
    stage?.(state.stage, answered);
    if (state.stage === 'ended') return state;
    if (send !== undefined) {
      // Before, not after: the time may be too long and never too short.
      const atMs = nowMs();
      await link.send(send);
      state = step(state, { kind: 'sent', atMs }).state;
    }
    const heard = await link.receive(dueBytes(state) + 1, deadlineMs(state) ?? Number.POSITIVE_INFINITY);
    if (heard === 'lost') ({ state, send } = { send: undefined, ...step(state, { kind: 'link_lost' }) });
    else if (heard === 'late') ({ state, send } = { send: undefined, ...step(state, { kind: 'tick', atMs: nowMs() }) });
    else ({ state, send } = { send: undefined, ...step(state, { kind: 'received', ...heard, fresh: fresh() }) });
    answered += 1;
  }
}

/**
 * One ping: the time there and back, in milliseconds; undefined for whatever does not come back as it went. It is taken off other times, so
 * here the clock starts when all is sent.
 */
export async function pingMs(
  link: Link,
  id: Uint8Array,
  { nowMs, fresh }: Pick<Conversation, 'nowMs' | 'fresh'>,
  timeoutMs: number,
): Promise<number | undefined> {
  const token = fresh();
  await link.send(message('ping', id, token));
  const sentAtMs = nowMs();
  const heard = await link.receive(lengths.pong() + 1, sentAtMs + timeoutMs);
  if (typeof heard === 'string') return undefined;
  const body = bodyOf(heard.bytes, 'pong', id, lengths.pong());
  return body !== undefined && body.every((byte, n) => byte === token[n]) ? heard.atMs - sentAtMs : undefined;
}
