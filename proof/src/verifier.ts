import { boundsOf } from './bounds.ts';
import type { Bounds, Times } from './bounds.ts';
import { bulkDigest } from './bulk-digest.ts';
import { checkOpenings } from './check-openings.ts';
import type { Commitment } from './check-openings.ts';
import { le32, passKeys, workKey } from './keys.ts';
import { bodyOf, encodeChallenge, equalBytes, lengths, message, SIGNATURE_BYTES } from './messages.ts';
import type { Challenge, Kind } from './messages.ts';
import { layoutOf } from './openings-layout.ts';
import type { Outcome } from './outcomes.ts';
import { HASH_BYTES, parameterFault } from './parameters.ts';
import { expandQueries } from './queries.ts';
import { afterUnsigned, EMPTY_TRANSCRIPT, signed, verified } from './transcript.ts';
import type { Sign } from './transcript.ts';

/**
 * The verifier of one challenge, as a value and the steps it can take. It has no clock and no dice: times and 32 fresh random bytes come
 * with each event, and a step says what to send. Nothing received is read before its length is known to be right.
 */
export type Verification = Awaiting | Ended;
export type Stage = Verification['stage'];

type Common = {
  challenge: Challenge;
  limits: Limits;
  transcript: Uint8Array;
  /** When the message that is being answered began to be sent; undefined until the caller has said so. */
  sentAtMs: number | undefined;
};
type Awaiting = Common &
  ({ stage: 'commitment' } | ({ stage: 'roots' } & Committed) | ({ stage: 'openings' } & Committed));
type Committed = { commitment: Commitment; commitMs: number; exchangeMs: readonly number[] };
export type Ended = { stage: 'ended'; challenge: Challenge; transcript: Uint8Array; outcome: Outcome; proven?: Proven };
export type Proven = { times: Times; bounds: Bounds };

/** How long each answer may take, and what may be taken off measured times for the way there and back. Milliseconds. */
export type Limits = { commitMs: number; exchangeMs: number; openMs: number; allowanceMs: number };

export type Event =
  /** What the last step asked to send has been sent; `atMs`: when that began. */
  | { kind: 'sent'; atMs: number }
  /** `fresh`: 32 bytes that nobody could foresee. */
  | { kind: 'received'; bytes: Uint8Array; atMs: number; fresh: Uint8Array }
  | { kind: 'tick'; atMs: number }
  | { kind: 'link_lost' };
export type Step = { state: Verification; send?: Uint8Array };

export async function beginVerification(challenge: Challenge, limits: Limits, sign: Sign): Promise<Step> {
  const fault = parameterFault(challenge.parameters);
  if (fault !== undefined) throw new RangeError(fault);
  const { message: send, transcript } = await signed(encodeChallenge(challenge), EMPTY_TRANSCRIPT, sign);
  return { state: { stage: 'commitment', challenge, limits, transcript, sentAtMs: undefined }, send };
}

export function step(state: Verification, event: Event): Step {
  if (state.stage === 'ended') return { state };
  switch (event.kind) {
    case 'sent':
      return { state: { ...state, sentAtMs: event.atMs } };
    case 'link_lost':
      return end(state, 'link_lost');
    case 'tick':
      return isLate(state, event.atMs) ? end(state, awaited[state.stage].missing) : { state };
    case 'received':
      // The answer to something that was never sent can only have been guessed.
      if (state.sentAtMs === undefined) return end(state, 'malformed');
      if (isLate(state, event.atMs)) return end(state, awaited[state.stage].missing);
      return receive(state, event.bytes, event.atMs - state.sentAtMs, event.fresh);
  }
}

/** When a tick ends the verification; undefined while nothing is being waited for. */
export function deadlineMs(state: Verification): number | undefined {
  if (state.stage === 'ended' || state.sentAtMs === undefined) return undefined;
  return state.sentAtMs + state.limits[awaited[state.stage].limit];
}

/** The length of the only message that is due: whoever reads from a network need not take a byte more. */
export function dueBytes(state: Verification): number {
  const { parameters } = state.challenge;
  switch (state.stage) {
    case 'ended':
      return 0;
    case 'commitment':
      return lengths.commitment();
    case 'roots':
      return lengths.roots(parameters);
    case 'openings':
      return lengths.openings(layoutOf(parameters, expandQueries(state.transcript, parameters)).bytes);
  }
}

const awaited = {
  commitment: { limit: 'commitMs', missing: 'no_commitment' },
  roots: { limit: 'exchangeMs', missing: 'no_roots' },
  openings: { limit: 'openMs', missing: 'no_openings' },
} as const satisfies Record<Exclude<Stage, 'ended'>, { limit: keyof Limits; missing: Outcome }>;

const isLate = (state: Awaiting, atMs: number): boolean => atMs > (deadlineMs(state) ?? Number.POSITIVE_INFINITY);

function receive(state: Awaiting, bytes: Uint8Array, tookMs: number, fresh: Uint8Array): Step {
  switch (state.stage) {
    case 'commitment':
      return receiveCommitment(state, bytes, tookMs, fresh);
    case 'roots':
      return receiveRoots(state, bytes, tookMs, fresh);
    case 'openings':
      return receiveOpenings(state, bytes);
  }
}

function receiveCommitment(state: Awaiting, bytes: Uint8Array, commitMs: number, fresh: Uint8Array): Step {
  const body = read(state, bytes, 'commitment', lengths.commitment());
  if (typeof body === 'string') return end(state, body);
  const root = body.bytes.slice(0, HASH_BYTES);
  const commitment = { workKey: workKey(state.transcript), root, passes: [] };
  return sendNonce({ ...state, transcript: body.transcript }, { commitment, commitMs, exchangeMs: [] }, fresh);
}

function receiveRoots(state: Awaiting & Committed, bytes: Uint8Array, tookMs: number, fresh: Uint8Array): Step {
  const { parameters, id } = state.challenge;
  const body = read(state, bytes, 'roots', lengths.roots(parameters));
  if (typeof body === 'string') return end(state, body);
  const exchange = state.exchangeMs.length;
  if (!equalBytes(body.bytes.subarray(0, 4), le32(exchange))) return end(state, 'malformed');
  const roots = body.bytes.slice(4, 4 + HASH_BYTES * parameters.passes);
  const answered = passKeys(state.transcript, parameters.passes, roots).map((key, pass) => ({
    key,
    root: roots.subarray(HASH_BYTES * pass, HASH_BYTES * (pass + 1)),
  }));
  const committed = {
    commitMs: state.commitMs,
    commitment: { ...state.commitment, passes: [...state.commitment.passes, ...answered] },
    exchangeMs: [...state.exchangeMs, tookMs],
  };
  const after = { ...state, transcript: body.transcript };
  if (committed.exchangeMs.length < parameters.exchanges) return sendNonce(after, committed, fresh);
  return sendAnd(after, { stage: 'openings', ...committed }, message('query', id, fresh));
}

function sendNonce(state: Awaiting, committed: Committed, fresh: Uint8Array): Step {
  const nonce = message('nonce', state.challenge.id, le32(committed.exchangeMs.length), fresh);
  return sendAnd(state, { stage: 'roots', ...committed }, nonce);
}

function sendAnd(
  { challenge, limits, transcript }: Awaiting,
  next: { stage: 'roots' | 'openings' } & Committed,
  send: Uint8Array,
): Step {
  const after = afterUnsigned(transcript, send);
  return { state: { ...next, challenge, limits, transcript: after, sentAtMs: undefined }, send };
}

function receiveOpenings(state: Awaiting & Committed, bytes: Uint8Array): Step {
  const { challenge, limits, commitment, commitMs, exchangeMs } = state;
  const queries = expandQueries(state.transcript, challenge.parameters);
  const layout = layoutOf(challenge.parameters, queries);
  const body = read(state, bytes, 'openings', lengths.openings(layout.bytes), bulkDigest);
  if (typeof body === 'string') return end(state, body);
  const after = { ...state, transcript: body.transcript };
  const opened = body.bytes.subarray(0, layout.bytes);
  const fault = checkOpenings(challenge.parameters, queries, layout, commitment, opened);
  if (fault !== undefined) return end(after, fault);
  const times: Times = {
    commitMicros: micros(commitMs),
    exchangeMicros: exchangeMs.map(micros),
    allowanceMicros: micros(limits.allowanceMs),
  };
  return end(after, 'proved', { times, bounds: boundsOf(challenge.parameters, times) });
}

type Read = { bytes: Uint8Array; transcript: Uint8Array };

/** The body without its signature, and the transcript after it; or what is wrong with the message. */
function read(
  { challenge, transcript }: Awaiting,
  bytes: Uint8Array,
  kind: Kind,
  length: number,
  digestOf?: (unsigned: Uint8Array) => Uint8Array,
): Read | 'malformed' | 'bad_signature' {
  const body = bodyOf(bytes, kind, challenge.id, length);
  if (body === undefined) return 'malformed';
  const after = verified(bytes, transcript, challenge.proverKey, digestOf);
  if (after === undefined) return 'bad_signature';
  return { bytes: body.subarray(0, body.length - SIGNATURE_BYTES), transcript: after };
}

/** Upwards: a bound may only become lower by it. */
const micros = (ms: number): bigint => BigInt(Math.ceil(ms * 1000));

function end({ challenge, transcript }: Awaiting, outcome: Outcome, proven?: Proven): Step {
  return { state: { stage: 'ended', challenge, transcript, outcome, ...(proven === undefined ? {} : { proven }) } };
}
