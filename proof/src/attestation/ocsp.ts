import { bodyOf, elementsIn, NotDer, readDer, tags, within } from './der.ts';
import type { Element } from './der.ts';

/** An answer of an authority's service about some of its certificates: a basic OCSP response (RFC 6960, section 4.2.1). */
export type OcspAnswer = {
  signed: Uint8Array;
  /** Hex of the algorithm's identifier. */
  algorithm: string;
  signature: Uint8Array;
  /** DER: of whom the authority let answer for it. */
  certificates: readonly Uint8Array[];
  statuses: readonly CertificateStatus[];
};

/** Of the certificate with this serial number of the issuer whose name and key have these hashes. */
export type CertificateStatus = {
  /** Hex of the identifier of the hash. */
  hash: string;
  issuerName: Uint8Array;
  issuerKey: Uint8Array;
  serialNumber: string;
  status: 'good' | 'revoked' | 'unknown';
  fromMs: number;
  /** Absent where the service does not say until when. */
  untilMs?: number;
};

const ANSWER_BYTES_MAX = 2 ** 16;
const BASIC_RESPONSE = '2b0601050507300101';
const SUCCESSFUL = 0;

/** Undefined when it is anything else, or more than an answer to a few questions. */
export function parseOcspAnswer(bytes: Uint8Array): OcspAnswer | undefined {
  return bytes.length > ANSWER_BYTES_MAX ? undefined : readDer(() => parsed(bytes));
}

function parsed(bytes: Uint8Array): OcspAnswer {
  const [status, response] = within(only(elementsIn(bytes)), tags.sequence);
  if (bodyOf(status, tags.enumerated)[0] !== SUCCESSFUL) throw new NotDer();
  const [type, content] = within(only(within(response, tags.part(0))), tags.sequence);
  if (hexOf(bodyOf(type, tags.identifier)) !== BASIC_RESPONSE) throw new NotDer();
  const basic = within(only(elementsIn(bodyOf(content, tags.bytes))), tags.sequence);
  const [data, algorithm, signature, certificates] = basic;
  if (data === undefined || basic.length > 4) throw new NotDer();
  return {
    signed: data.whole,
    algorithm: hexOf(bodyOf(within(algorithm, tags.sequence)[0], tags.identifier)),
    signature: wholeBytes(bodyOf(signature, tags.bits)),
    certificates:
      certificates === undefined
        ? []
        : within(only(within(certificates, tags.part(0))), tags.sequence).map(({ whole }) => whole),
    statuses: statusesIn(data),
  };
}

/** Version where it is not the first, the name or key of who answers, when, the answers, extensions. */
function statusesIn(data: Element): CertificateStatus[] {
  const parts = within(data, tags.sequence);
  if (parts[0]?.tag === tags.part(0)) throw new NotDer(); // only the first version exists
  bodyOf(parts[1], tags.time);
  return within(parts[2], tags.sequence).map(statusIn);
}

function statusIn(single: Element): CertificateStatus {
  const [id, status, from, ...rest] = within(single, tags.sequence);
  const [hash, issuerName, issuerKey, serialNumber] = within(id, tags.sequence);
  const until = rest.find(({ tag }) => tag === tags.part(0));
  return {
    hash: hexOf(bodyOf(within(hash, tags.sequence)[0], tags.identifier)),
    issuerName: bodyOf(issuerName, tags.bytes),
    issuerKey: bodyOf(issuerKey, tags.bytes),
    serialNumber: serialNumberOf(bodyOf(serialNumber, tags.integer)),
    status: statusOf(status),
    fromMs: timeMs(bodyOf(from, tags.time)),
    ...(until === undefined ? {} : { untilMs: timeMs(bodyOf(only(within(until, tags.part(0))), tags.time)) }),
  };
}

/** [0] good, [1] revoked with its time, [2] unknown. */
function statusOf(status: Element | undefined): CertificateStatus['status'] {
  if (status?.tag === 0x80) return 'good';
  if (status?.tag === tags.part(1)) return 'revoked';
  if (status?.tag === 0x82) return 'unknown';
  throw new NotDer();
}

/** As `X509Certificate` writes it: upper case, without zeros in front but for whole bytes. */
function serialNumberOf(bytes: Uint8Array): string {
  return hexOf(bytes)
    .toUpperCase()
    .replace(/^(?:00)+(?=.)/, '');
}

function timeMs(bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString('latin1');
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) throw new NotDer();
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms)) throw new NotDer();
  return ms;
}

/** A string of bits that are whole bytes. */
function wholeBytes(bits: Uint8Array): Uint8Array {
  if (bits[0] !== 0) throw new NotDer();
  return bits.subarray(1);
}

function only(elements: readonly Element[]): Element {
  if (elements.length !== 1) throw new NotDer();
  return elements[0]!;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
