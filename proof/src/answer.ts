import { bulkDigest } from './bulk-digest.ts';
import { le32, passKey, workKey } from './keys.ts';
import { bodyOf, decodeChallenge, equalBytes, ID_BYTES, lengths, message } from './messages.ts';
import type { Challenge } from './messages.ts';
import { layoutOf } from './openings-layout.ts';
import { openingsBody } from './openings-body.ts';
import { HASH_BYTES } from './parameters.ts';
import type { Filled, Prover } from './prover.ts';
import { expandQueries } from './queries.ts';
import { slabTree } from './slab-tree.ts';
import type { SlabTree } from './slab-tree.ts';
import { afterUnsigned, EMPTY_TRANSCRIPT, signed, verified } from './transcript.ts';
import type { Sign } from './transcript.ts';

/** The prover's side of the messages, for one device: whatever the device, keys, trees over slabs and signatures are the same. */
export type Answerer = {
  /** The answer to a message of the verifier's. Rejects with a `Refusal`, after which the device is free again. */
  receive: (bytes: Uint8Array, nowMs: number) => Promise<Uint8Array>;
  /** Frees the device when what is under way has expired: a verifier that is gone says nothing. To be called now and then. */
  lapse: (nowMs: number) => Promise<void>;
  /** Ends what is under way. */
  close: () => Promise<void>;
};

export type AnswererOptions = {
  prover: Prover;
  deviceId: string;
  slot: Uint8Array;
  publicKey: Uint8Array;
  sign: Sign;
  /** Whose challenges are answered. */
  isVerifier: (key: Uint8Array) => boolean;
  /** The most that a challenge may take on the device. */
  memoryBytesMax: number;
  progress?: (slabs: number, of: number) => void;
};

export type RefusalReason = 'malformed' | 'bad_signature' | 'expired' | 'not_ours' | 'too_large' | 'busy' | 'closed';
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason) {
    super(`the challenge is not answered: ${reason}`);
    this.reason = reason;
  }
}

/** What is under way. `exchange`: the nonce that is due; as many as there are exchanges, then the query. */
type Course = {
  challenge: Challenge;
  transcript: Uint8Array;
  filled: Filled;
  tree: SlabTree;
  passes: SlabTree[];
  exchange: number;
};

export function openAnswerer(options: AnswererOptions): Answerer {
  const stop = new AbortController();
  let course: Course | undefined;
  let working = false;

  return {
    receive: async (bytes, nowMs) => {
      if (stop.signal.aborted) throw new Refusal('closed');
      const ping = pongFor(bytes);
      if (ping !== undefined) return ping;
      const challenge = decodeChallenge(bytes);
      if (challenge !== undefined && !working) await lapse(nowMs);
      // One device holds one challenge: the second is told so and the first goes on.
      if (working || (challenge !== undefined && course !== undefined)) throw new Refusal('busy');
      working = true;
      try {
        if (challenge !== undefined) return await begin(challenge, bytes, nowMs);
        if (course === undefined) throw new Refusal('malformed');
        if (isExpired(course.challenge, nowMs)) throw new Refusal('expired');
        return course.exchange < course.challenge.parameters.exchanges
          ? await reside(course, bytes)
          : await open(course, bytes);
      } catch (error) {
        await forget();
        throw error;
      } finally {
        working = false;
      }
    },
    lapse,
    close: async () => {
      stop.abort(new Refusal('closed'));
      await forget();
    },
  };

  async function begin(challenge: Challenge, bytes: Uint8Array, nowMs: number): Promise<Uint8Array> {
    const { n, slabs } = challenge.parameters;
    const transcript = verified(bytes, EMPTY_TRANSCRIPT, challenge.verifierKey);
    if (transcript === undefined) throw new Refusal('bad_signature');
    const isOurs = equalBytes(challenge.proverKey, options.publicKey) && equalBytes(challenge.slot, options.slot);
    if (!isOurs || !options.isVerifier(challenge.verifierKey)) throw new Refusal('not_ours');
    if (isExpired(challenge, nowMs)) throw new Refusal('expired');
    if (options.prover.memoryBytes(n, slabs) > options.memoryBytesMax) throw new Refusal('too_large');
    const key = workKey(transcript);
    const filled = await options.prover.begin(
      options.deviceId,
      { n, slabs, key },
      { signal: stop.signal, progress: (count) => options.progress?.(count, slabs) },
    );
    const tree = slabTree(filled.slabRoots);
    course = { challenge, transcript, filled, tree, passes: [], exchange: 0 };
    return say(course, message('commitment', challenge.id, tree.root));
  }

  async function reside(current: Course, bytes: Uint8Array): Promise<Uint8Array> {
    const { challenge, filled, exchange } = current;
    const body = bodyOf(bytes, 'nonce', challenge.id, lengths.nonce());
    if (body === undefined || !equalBytes(body.subarray(0, 4), le32(exchange))) throw new Refusal('malformed');
    current.transcript = afterUnsigned(current.transcript, bytes);
    const roots = new Uint8Array(HASH_BYTES * challenge.parameters.passes);
    let previous: Uint8Array | undefined;
    for (let pass = 0; pass < challenge.parameters.passes; pass++) {
      const tree = slabTree(await filled.reside(passKey(current.transcript, pass, previous), stop.signal));
      current.passes.push(tree);
      previous = tree.root;
      roots.set(previous, HASH_BYTES * pass);
    }
    current.exchange += 1;
    return say(current, message('roots', challenge.id, le32(exchange), roots));
  }

  async function open(current: Course, bytes: Uint8Array): Promise<Uint8Array> {
    const { challenge, filled } = current;
    if (bodyOf(bytes, 'query', challenge.id, lengths.query()) === undefined) throw new Refusal('malformed');
    current.transcript = afterUnsigned(current.transcript, bytes);
    const queries = expandQueries(current.transcript, challenge.parameters);
    const layout = layoutOf(challenge.parameters, queries);
    const opened = await filled.open(layout.parts, stop.signal);
    const body = openingsBody(challenge.parameters, layout, opened, current.tree, current.passes);
    const answer = await say(current, message('openings', challenge.id, body), bulkDigest);
    await forget();
    return answer;
  }

  async function say(
    current: Course,
    unsigned: Uint8Array,
    digestOf?: (bytes: Uint8Array) => Uint8Array,
  ): Promise<Uint8Array> {
    const digest = digestOf?.(unsigned);
    const { message: answer, transcript } = await signed(unsigned, current.transcript, options.sign, digest);
    current.transcript = transcript;
    return answer;
  }

  async function lapse(nowMs: number): Promise<void> {
    if (course !== undefined && !working && isExpired(course.challenge, nowMs)) await forget();
  }

  async function forget(): Promise<void> {
    const { filled } = course ?? {};
    course = undefined;
    await filled?.close();
  }
}

function isExpired({ expiryMs }: Challenge, nowMs: number): boolean {
  return BigInt(Math.floor(nowMs)) > expiryMs;
}

function pongFor(bytes: Uint8Array): Uint8Array | undefined {
  const id = bytes.subarray(4, 4 + ID_BYTES);
  const token = bodyOf(bytes, 'ping', id, lengths.ping());
  return token === undefined ? undefined : message('pong', id, token);
}
