/**
 * NVIDIA's attestation report: the request GET_MEASUREMENTS and the response MEASUREMENTS of SPDM 1.1 (DMTF DSP0274, sections 10.11), one
 * after the other, with a signature by ECDSA on P-384 over all that stands before it.
 */
export type Report = {
  /** What the asker sent. */
  nonce: Uint8Array;
  /** By index from 1: hashes of firmware and its settings. */
  measurements: ReadonlyMap<number, Uint8Array>;
  signed: Uint8Array;
  /** r and s, 48 bytes each. */
  signature: Uint8Array;
};

const REQUEST_BYTES = 37;
const NONCE_BYTES = 32;
const SIGNATURE_BYTES = 96;
const SPDM_1_1 = 0x11;
const GET_MEASUREMENTS = 0xe0;
const MEASUREMENTS = 0x60;
const DMTF = 1;

/** Undefined when any length or code is not what it has to be: nothing is read beyond what a length before it allows. */
export function parseReport(bytes: Uint8Array): Report | undefined {
  if (bytes.length < REQUEST_BYTES + 8 || bytes[0] !== SPDM_1_1 || bytes[1] !== GET_MEASUREMENTS) return undefined;
  const response = bytes.subarray(REQUEST_BYTES);
  if (response[0] !== SPDM_1_1 || response[1] !== MEASUREMENTS) return undefined;
  const blocks = response[4]!;
  const record = 8 + (response[5]! | (response[6]! << 8) | (response[7]! << 16));
  const opaque = record + NONCE_BYTES;
  if (response.length < opaque + 2) return undefined;
  const end = opaque + 2 + (response[opaque]! | (response[opaque + 1]! << 8));
  if (response.length !== end + SIGNATURE_BYTES) return undefined;
  const measurements = parseBlocks(response.subarray(8, record), blocks);
  if (measurements === undefined) return undefined;
  return {
    nonce: bytes.slice(4, 4 + NONCE_BYTES),
    measurements,
    signed: bytes.slice(0, REQUEST_BYTES + end),
    signature: response.slice(end),
  };
}

/** Each block: index, specification, size; then for DMTF's specification the type of the value and its size again. */
function parseBlocks(record: Uint8Array, count: number): Map<number, Uint8Array> | undefined {
  const measurements = new Map<number, Uint8Array>();
  let at = 0;
  for (let block = 0; block < count; block++) {
    if (at + 7 > record.length || record[at + 1] !== DMTF) return undefined;
    const size = record[at + 2]! | (record[at + 3]! << 8);
    const valueSize = record[at + 5]! | (record[at + 6]! << 8);
    const index = record[at]!;
    if (valueSize + 3 !== size || at + 4 + size > record.length || measurements.has(index)) return undefined;
    measurements.set(index, record.slice(at + 7, at + 7 + valueSize));
    at += 4 + size;
  }
  return at === record.length && count > 0 ? measurements : undefined;
}
