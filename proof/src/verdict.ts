import { message, SIGNATURE_BYTES } from './messages.ts';
import { outcomeOf, outcomes } from './outcomes.ts';
import type { Outcome } from './outcomes.ts';
import { signed, verified } from './transcript.ts';
import type { Sign } from './transcript.ts';
import type { Ended, Proven } from './verifier.ts';

/**
 * What a verifier signs about a challenge that has ended. With the challenge and the transcript anybody can compute the bounds again
 * from the times; the times are the verifier's word.
 */
export async function signedVerdict(
  { challenge, transcript, outcome, proven }: Ended,
  sign: Sign,
): Promise<Uint8Array> {
  const { exchanges } = challenge.parameters;
  const numbers = new DataView(new ArrayBuffer(bodyBytes(exchanges)));
  numbers.setUint32(0, outcomes[outcome].code, true);
  const values = proven === undefined ? [] : valuesOf(proven);
  for (const [n, value] of values.entries()) numbers.setBigUint64(4 + 8 * n, value, true);
  const unsigned = message('verdict', challenge.id, transcript, new Uint8Array(numbers.buffer));
  return (await signed(unsigned, transcript, sign)).message;
}

export type Verdict = { outcome: Outcome; proven?: Proven };

/** Undefined when it is not this verifier's verdict about the challenge that ended with this transcript. */
export function readVerdict(
  bytes: Uint8Array,
  { challenge, transcript }: Omit<Ended, 'outcome' | 'stage'>,
): Verdict | undefined {
  const { exchanges } = challenge.parameters;
  const head = message('verdict', challenge.id, transcript);
  if (bytes.length !== head.length + bodyBytes(exchanges) + SIGNATURE_BYTES) return undefined;
  if (!head.every((byte, n) => bytes[n] === byte)) return undefined;
  if (verified(bytes, transcript, challenge.verifierKey) === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + head.length);
  const outcome = outcomeOf(view.getUint32(0, true));
  if (outcome === undefined) return undefined;
  if (outcome !== 'proved') return { outcome };
  const values = Array.from({ length: 5 + exchanges }, (_, n) => view.getBigUint64(4 + 8 * n, true));
  const [commitMicros, allowanceMicros, operationsPerSecond, residentBytes, bytesPerSecond] = values as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  return {
    outcome,
    proven: {
      times: { commitMicros, allowanceMicros, exchangeMicros: values.slice(5) },
      bounds: { operationsPerSecond, residentBytes, bytesPerSecond },
    },
  };
}

const bodyBytes = (exchanges: number): number => 4 + 8 * (5 + exchanges);

function valuesOf({ times, bounds }: Proven): bigint[] {
  return [
    times.commitMicros,
    times.allowanceMicros,
    bounds.operationsPerSecond,
    bounds.residentBytes,
    bounds.bytesPerSecond,
    ...times.exchangeMicros,
  ];
}
