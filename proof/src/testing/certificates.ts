import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Certificates made for tests, and the few words of DER that they are made of. */

export type Keys = { publicKey: KeyObject; privateKey: KeyObject };
export const keys = (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-384' });

type CertificateOptions = {
  subject: string;
  issuer: string;
  key: Keys;
  by: Keys;
  years: [number, number];
  authority: boolean;
  /** May answer for its issuer about certificates. */
  answers?: boolean;
};

/** X.509 in DER (RFC 5280). */
export function certificate({
  subject,
  issuer,
  key,
  by,
  years,
  authority,
  answers = false,
}: CertificateOptions): Buffer {
  const algorithm = sequence(Buffer.from('06082a8648ce3d040303', 'hex')); // ecdsa-with-SHA384
  const constraints = sequence(
    Buffer.from('0603551d130101ff', 'hex'),
    der(0x04, authority ? sequence(Buffer.from('0101ff', 'hex')) : sequence()),
  );
  const body = sequence(
    Buffer.from('a003020102', 'hex'), // version 3
    der(0x02, Buffer.from([subject.length])), // the serial number
    algorithm,
    name(issuer),
    sequence(...years.map((year) => der(0x18, Buffer.from(`${year}0101000000Z`)))),
    name(subject),
    key.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(constraints, ...(answers ? [ocspSigning()] : []))),
  );
  return sequence(body, algorithm, der(0x03, Buffer.from([0]), sign('sha384', body, by.privateKey)));
}

/** Extended key usage: OCSP signing. */
const ocspSigning = (): Buffer =>
  sequence(Buffer.from('0603551d25', 'hex'), der(0x04, sequence(Buffer.from('06082b06010505070309', 'hex'))));

export const name = (common: string): Buffer =>
  sequence(der(0x31, sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(common)))));
export const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);

export function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

export function pem(certificateBytes: Buffer): string {
  const lines = certificateBytes
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
