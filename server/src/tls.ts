import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { generate } from 'selfsigned';

export type Tls = {
  /** PEM, the server's own certificate first. */
  cert: string;
  key: string;
  /** SHA-256 of the certificate, lower-case hex. */
  fingerprint256: string;
  /** Base64 of SHA-256 of the public key, as `curl --pinnedpubkey sha256//…` wants it. It outlives a renewed certificate. */
  spkiPin: string;
  /** No public authority vouches for it: clients need the pin or `cert`. */
  selfSigned: boolean;
};

export type TlsOptions = {
  dir: string;
  certFile?: string;
  keyFile?: string;
  /** Host names and IP addresses under which clients will come. */
  names: string[];
  now: Date;
};

const DAY_MS = 86_400_000;
const VALID_DAYS = 3650;
const RENEW_BEFORE_DAYS = 90;

/**
 * The pair given, or one made at the first start and kept in `dir`. Agents are pinned to the very certificate, under whatever
 * name they reach it: it is not made again when the server's names change, only when its end comes near, and then with the
 * same key.
 */
export async function loadOrMakeTls({ dir, certFile, keyFile, names, now }: TlsOptions): Promise<Tls> {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new CoopError(
      'invalid_request',
      `There is a TLS ${certFile === undefined ? 'key' : 'certificate'} but not its other half.`,
      {
        hint: 'Give both: --tls-cert FILE --tls-key FILE',
      },
    );
  }
  if (certFile !== undefined && keyFile !== undefined) return loadGiven(certFile, keyFile, now);
  return loadOrMakeOwn(dir, names, now);
}

async function loadGiven(certFile: string, keyFile: string, now: Date): Promise<Tls> {
  const cert = await readPem(certFile, 'certificate');
  const key = await readPem(keyFile, 'key');
  const { certificate, privateKey } = parsePair(cert, key, certFile, keyFile);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CoopError('invalid_request', `The key in ${keyFile} does not belong to the certificate in ${certFile}.`, {
      hint: "The certificate file must begin with the server's own certificate, followed by its issuers",
    });
  }
  if (certificate.validToDate < now) {
    throw new CoopError('invalid_request', `The certificate in ${certFile} ended on ${certificate.validTo}.`, {
      hint: 'Renew it, or leave out --tls-cert and --tls-key to use one made here',
    });
  }
  return describe(certificate, cert, key);
}

async function loadOrMakeOwn(dir: string, names: string[], now: Date): Promise<Tls> {
  const certFile = join(dir, 'tls.crt');
  const keyFile = join(dir, 'tls.key');
  const [oldCert, oldKey] = await Promise.all([readIfThere(certFile), readIfThere(keyFile)]);
  if (oldCert !== null && oldKey !== null) {
    const { certificate, privateKey } = parsePair(oldCert, oldKey, certFile, keyFile);
    const lasts = certificate.validToDate.getTime() - now.getTime() > RENEW_BEFORE_DAYS * DAY_MS;
    if (lasts && certificate.checkPrivateKey(privateKey)) return describe(certificate, oldCert, oldKey);
  }
  const made = await makePair(names, oldKey, now);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  // The key first: a certificate without its key would be of no use after a crash in between.
  if (made.key !== oldKey) await replaceFile(keyFile, made.key, 0o600);
  await replaceFile(certFile, made.cert, 0o644);
  return describe(new X509Certificate(made.cert), made.cert, made.key);
}

async function makePair(names: string[], oldKey: string | null, now: Date): Promise<{ cert: string; key: string }> {
  const altNames = [...new Set(['localhost', '127.0.0.1', '::1', ...names])].map((name) =>
    isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
  );
  const made = await generate([{ name: 'commonName', value: 'Coop server' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // A day back: the clock of whoever joins first may be slow.
    notBeforeDate: new Date(now.getTime() - DAY_MS),
    notAfterDate: new Date(now.getTime() + VALID_DAYS * DAY_MS),
    ...(oldKey !== null && { keyPair: keyPairOf(oldKey) }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { cert: made.cert, key: oldKey ?? made.private };
}

function keyPairOf(pem: string): { privateKey: string; publicKey: string } {
  const privateKey = createPrivateKey(pem);
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string,
  };
}

function describe(certificate: X509Certificate, cert: string, key: string): Tls {
  return {
    cert,
    key,
    fingerprint256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    spkiPin: createHash('sha256')
      .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64'),
    selfSigned: certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey),
  };
}

function parsePair(
  cert: string,
  key: string,
  certFile: string,
  keyFile: string,
): { certificate: X509Certificate; privateKey: KeyObject } {
  return {
    certificate: parsed(() => new X509Certificate(cert), certFile, 'a certificate in PEM form'),
    privateKey: parsed(() => createPrivateKey(key), keyFile, 'a private key in PEM form without a passphrase'),
  };
}

function parsed<Value>(parse: () => Value, file: string, what: string): Value {
  try {
    return parse();
  } catch (cause) {
    throw new CoopError('invalid_request', `${file} is not ${what}.`, { cause });
  }
}

async function readPem(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CoopError('invalid_request', `The TLS ${what} ${file} cannot be read.`, { cause });
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Never half a file, and never readable by others for an instant. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, text, { mode, flag: 'wx' });
  await rename(temporary, file);
}
