import { bulkDigest } from '../bulk-digest.ts';
import { passKeys, workKey } from '../keys.ts';
import { SIGNATURE_BYTES } from '../messages.ts';
import { layoutOf } from '../openings-layout.ts';
import { expandQueries } from '../queries.ts';
import { signedVerdict } from '../verdict.ts';
import type { Ended } from '../verifier.ts';
import { answererOf, challengeOf, proverKeys, signerOf, smallParameters, talk, verifierKeys } from './both-sides.ts';
import {
  hash,
  plainDigest,
  plainDigestRoot,
  plainFold,
  plainMix,
  plainSlabRoot,
  plainSlabs,
  plainWord,
  rootOf,
} from './plain-work.ts';

/** The test vectors of docs/internals/proof.md: the work by the plain rule, and a whole conversation with fixed keys and dice. */
export async function makeVectors(): Promise<object> {
  return { about: ABOUT, work: workVectors(), conversation: await conversationVectors() };
}

const ABOUT =
  'Vectors of docs/internals/proof.md. Bytes are hex in order; words are unsigned 32-bit numbers; entries of keys are its eight words.';

function workVectors() {
  const key = Uint32Array.from({ length: 8 }, (_, n) => Math.imul(n + 1, 0x9e3779b1));
  const passKey = key.map((word) => word ^ 1);
  const [n, slabs] = [256, 3];
  const all = plainSlabs(n, slabs, key);
  return {
    mix: [0, 1, 0xdeadbeef].map((word) => ({ word, mixed: Number(plainMix(BigInt(word))) })),
    key: [...key],
    words: [
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1_000_003],
      [0, 63],
    ].map(([matrix, counter]) => ({ matrix, counter, word: plainWord(key, matrix!, counter!) })),
    folds: [
      [0, 0, 0],
      [1, 0, 0],
      [-1, 5, 0],
      [-1_000_000, 65_537, 2],
      [-2_147_483_648, 16_777_215, 8265],
    ].map(([sum, index, t]) => ({ sum, index, t, byte: plainFold(sum!, index!, t!) })),
    n,
    slabs: all.map((slab) => ({ first_bytes: hex(slab.subarray(0, 16)), root: hex(plainSlabRoot(slab)) })),
    root: hex(rootOf(all.map(plainSlabRoot))),
    pass_key: [...passKey],
    digest_leaf: { slab: 2, row: 5, leaf: hex(plainDigest(n, all[1]!.subarray(5 * n, 6 * n), 2, 5, passKey)) },
    pass_slab_roots: all.map((slab, t) => hex(plainDigestRoot(n, slab, t + 1, passKey))),
    pass_root: hex(rootOf(all.map((slab, t) => plainDigestRoot(n, slab, t + 1, passKey)))),
  };
}

async function conversationVectors() {
  const { state, said, answers } = await talk(answererOf(), { tookMs: [400, 30, 20, 3000] });
  const messages = said.flatMap((bytes, n) => [
    { from: 'verifier', bytes },
    { from: 'prover', bytes: answers[n]! },
  ]);
  const after = transcripts(messages.map(({ bytes }) => bytes));
  const { passes } = smallParameters;
  const rootsOf = (answer: Uint8Array) => answer.subarray(24, 24 + 32 * passes);
  const queries = expandQueries(after[6]!, smallParameters);
  return {
    verifier_secret_key: hex(verifierKeys.secretKey),
    prover_secret_key: hex(proverKeys.secretKey),
    challenge: described(),
    messages: messages.map(({ from, bytes }, n) => ({ from, bytes: hex(bytes), transcript_after: hex(after[n]!) })),
    work_key: [...workKey(after[0]!)],
    pass_keys: [1, 2].map((exchange) =>
      passKeys(after[2 * exchange]!, passes, rootsOf(answers[exchange]!)).map((key) => [...key]),
    ),
    queries,
    layout: { ...layoutOf(smallParameters, queries), parts: undefined },
    verdict_for_times_us: [400_000, 30_000, 20_000],
    verdict: hex(await signedVerdict(state as Ended, signerOf(verifierKeys))),
  };
}

function described() {
  const { id, slot, expiryMs, seed, parameters } = challengeOf();
  return { id: hex(id), slot: hex(slot), expiry_ms: Number(expiryMs), seed: hex(seed), parameters };
}

/** After each message, by node:crypto. The nonces, 2 and 4, and the query, 6, are not signed. */
function transcripts(messages: readonly Uint8Array[]): Uint8Array[] {
  let transcript: Uint8Array = new Uint8Array(32);
  return messages.map((bytes, n) => {
    const isSigned = ![2, 4, 6].includes(n);
    const unsigned = isSigned ? bytes.subarray(0, -SIGNATURE_BYTES) : bytes;
    const digest = n === 7 ? bulkDigest(unsigned) : hash(unsigned);
    const signature = isSigned ? bytes.subarray(-SIGNATURE_BYTES) : new Uint8Array();
    transcript = hash('gpu-proof/v2/transcript', transcript, digest, signature);
    return transcript;
  });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
