import { createHash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { certificate, keys, pem } from './certificates.ts';
import type { Keys } from './certificates.ts';

/** A chain and a report as a card would give them, under a root of our own. */
export type Maker = {
  /** PEM, the card's certificate first. */
  chain: string;
  /** SHA-256 of the root, in hex. */
  root: string;
  /** In DER and with their keys, in the order of the chain. */
  certificates: readonly Issued[];
  report: (nonce: Uint8Array, measurements?: readonly Uint8Array[]) => Uint8Array;
};

export type Issued = { der: Buffer; keys: Keys };

export type ChainOptions = {
  /** Years from which and to which the card's own certificate is valid. */
  years?: [from: number, to: number];
  /** Whether the middle certificate may issue others. */
  authority?: boolean;
  /** Another key than the certificate's signs reports. */
  otherKey?: boolean;
  /** The middle certificate is signed by nobody that the chain names. */
  forged?: boolean;
  /** The card's certificate names another issuer than the middle one. */
  misnamed?: boolean;
};

export function cardWithChain({
  years = [2021, 9999],
  authority = true,
  otherKey = false,
  forged = false,
  misnamed = false,
}: ChainOptions = {}): Maker {
  const [root, upper, middle, card, stranger] = [keys(), keys(), keys(), keys(), keys()];
  const always: [number, number] = [2021, 9999];
  const certificates = [
    certificate({
      subject: 'GH100 A01 GSP BROM',
      issuer: misnamed ? 'Example GB100 Identity' : 'Example GH100 Identity',
      key: card,
      by: middle,
      years,
      authority: false,
    }),
    certificate({
      subject: 'Example GH100 Identity',
      issuer: 'Example Provisioner CA',
      key: middle,
      by: forged ? stranger : upper,
      years: always,
      authority,
    }),
    certificate({
      subject: 'Example Provisioner CA',
      issuer: 'Example Device Identity CA',
      key: upper,
      by: root,
      years: always,
      authority: true,
    }),
    certificate({
      subject: 'Example Device Identity CA',
      issuer: 'Example Device Identity CA',
      key: root,
      by: root,
      years: always,
      authority: true,
    }),
  ];
  return {
    chain: certificates.map(pem).join(''),
    certificates: [card, middle, upper, root].map((owner, n) => ({ der: certificates[n]!, keys: owner })),
    root: createHash('sha256').update(certificates[3]!).digest('hex'),
    report: (nonce, measurements = [Buffer.alloc(48, 1), Buffer.alloc(48, 2)]) =>
      signedReport(nonce, measurements, (otherKey ? stranger : card).privateKey),
  };
}

function signedReport(nonce: Uint8Array, measurements: readonly Uint8Array[], key: KeyObject): Uint8Array {
  const blocks = measurements.map((value, n) =>
    Buffer.concat([Buffer.from([n + 1, 1]), le16(value.length + 3), Buffer.from([1]), le16(value.length), value]),
  );
  const record = Buffer.concat(blocks);
  const request = Buffer.concat([Buffer.from([0x11, 0xe0, 1, 0xff]), nonce, Buffer.from([0])]);
  const head = Buffer.from([0x11, 0x60, 0, 0, measurements.length, record.length & 0xff, record.length >> 8, 0]);
  const driver = Buffer.from('\u0003\u0000\u0009\u0000590.44.01', 'latin1');
  const signed = Buffer.concat([request, head, record, Buffer.alloc(32, 7), le16(driver.length), driver]);
  return new Uint8Array(Buffer.concat([signed, sign('sha384', signed, { key, dsaEncoding: 'ieee-p1363' })]));
}

function le16(value: number): Buffer {
  return Buffer.from([value & 0xff, value >> 8]);
}
