import { ed25519 } from '@noble/curves/ed25519.js';
import { openAnswerer } from '../answer.ts';
import type { Answerer, AnswererOptions } from '../answer.ts';
import type { Challenge } from '../messages.ts';
import type { Parameters } from '../parameters.ts';
import type { Prover } from '../prover.ts';
import { beginVerification, step } from '../verifier.ts';
import type { Limits, Verification } from '../verifier.ts';
import { cheatingProver } from './cheating-prover.ts';
import { hash } from './plain-work.ts';

/** A verifier and a prover with fixed keys and fixed dice, so that every run says the same bytes. */

export const smallParameters: Parameters = {
  n: 256,
  slabs: 3,
  exchanges: 2,
  passes: 2,
  rows: 4,
  columns: 2,
  residencySamples: 4,
};
export const limits: Limits = { commitMs: 1000, exchangeMs: 100, openMs: 5000, allowanceMs: 0 };

export const keysOf = (name: string) => ed25519.keygen(hash('key of', name));
export const verifierKeys = keysOf('verifier');
export const proverKeys = keysOf('prover');
export const signerOf =
  ({ secretKey }: { secretKey: Uint8Array }) =>
  (bytes: Uint8Array) =>
    ed25519.sign(bytes, secretKey);

export function challengeOf(changes: Partial<Challenge> = {}): Challenge {
  return {
    id: hash('id').slice(0, 16),
    verifierKey: verifierKeys.publicKey,
    proverKey: proverKeys.publicKey,
    slot: hash('slot').slice(0, 16),
    parameters: smallParameters,
    expiryMs: 1_800_000_000_000n,
    seed: hash('seed'),
    ...changes,
  };
}

export function answererOf(prover: Prover = cheatingProver(), changes: Partial<AnswererOptions> = {}): Answerer {
  return openAnswerer({
    prover,
    deviceId: 'cheat',
    slot: challengeOf().slot,
    publicKey: proverKeys.publicKey,
    sign: signerOf(proverKeys),
    isVerifier: () => true,
    memoryBytesMax: 2 ** 30,
    ...changes,
  });
}

/** Message `n` of the verifier's was answered after `tookMs[n]`; the last one holds for all that follow. */
export type Conversation = { state: Verification; said: Uint8Array[]; answers: Uint8Array[] };

export async function talk(
  answerer: Pick<Answerer, 'receive'>,
  { challenge = challengeOf(), tookMs = [10], turns = Number.POSITIVE_INFINITY, limit = limits } = {},
): Promise<Conversation> {
  let { state, send } = await beginVerification(challenge, limit, signerOf(verifierKeys));
  const said: Uint8Array[] = [];
  const answers: Uint8Array[] = [];
  let atMs = 0;
  while (send !== undefined && answers.length < turns) {
    said.push(send);
    state = step(state, { kind: 'sent', atMs }).state;
    const bytes = await answerer.receive(send, 1_700_000_000_000);
    answers.push(bytes);
    atMs += tookMs[Math.min(answers.length, tookMs.length) - 1]!;
    const fresh = hash('fresh', String(answers.length));
    ({ state, send } = { send: undefined, ...step(state, { kind: 'received', bytes, atMs, fresh }) });
  }
  return { state, said, answers };
}
