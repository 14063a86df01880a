import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A chain and a report as a card would give them, under a root of our own. */
export type Maker = {
  /** PEM, the card's certificate first. */
  chain: string;
  /** SHA-256 of the root, in hex. */
  root: string;
  report: (nonce: Uint8Array, measurements?: readonly Uint8Array[]) => Uint8Array;
};

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
  const [root, middle, card, stranger] = [keys(), keys(), keys(), keys()];
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
      issuer: 'Example Device Identity CA',
      key: middle,
      by: forged ? stranger : root,
      years: always,
      authority,
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
    root: createHash('sha256').update(certificates[2]!).digest('hex'),
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

type Keys = { publicKey: KeyObject; privateKey: KeyObject };
const keys = (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-384' });

type CertificateOptions = {
  subject: string;
  issuer: string;
  key: Keys;
  by: Keys;
  years: [number, number];
  authority: boolean;
};

/** X.509 in DER (RFC 5280). */
function certificate({ subject, issuer, key, by, years, authority }: CertificateOptions): Buffer {
  const algorithm = sequence(Buffer.from('06082a8648ce3d040303', 'hex')); // ecdsa-with-SHA384
  const constraints = sequence(
    Buffer.from('0603551d130101ff', 'hex'),
    der(0x04, authority ? sequence(Buffer.from('0101ff', 'hex')) : sequence()),
  );
  const body = sequence(
    Buffer.from('a003020102', 'hex'), // version 3
    der(0x02, Buffer.from([subject.length])),
    algorithm,
    name(issuer),
    sequence(...years.map((year) => der(0x18, Buffer.from(`${year}0101000000Z`)))),
    name(subject),
    key.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(constraints)),
  );
  return sequence(body, algorithm, der(0x03, Buffer.from([0]), sign('sha384', body, by.privateKey)));
}

const name = (common: string): Buffer =>
  sequence(der(0x31, sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(common)))));
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const size = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function le16(value: number): Buffer {
  return Buffer.from([value & 0xff, value >> 8]);
}

function pem(certificateBytes: Buffer): string {
  const lines = certificateBytes
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
