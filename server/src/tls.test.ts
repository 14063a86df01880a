import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadOrMakeTls, type Tls } from './tls.ts';

const now = new Date();

async function freshDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'coop-tls-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test('a pair is made once, with every name in it, and its key is for the owner only', async () => {
  const dir = await freshDir();
  const first = await loadOrMakeTls({ dir, names: ['gpu.example', '192.0.2.7', '2001:db8::1'], now });
  const certificate = new X509Certificate(first.cert);
  expect(certificate.checkHost('gpu.example')).toBeDefined();
  expect(certificate.checkIP('192.0.2.7')).toBeDefined();
  expect(certificate.checkIP('2001:db8::1')).toBeDefined();
  expect(certificate.checkHost('localhost')).toBeDefined();
  expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  expect(certificate.validToDate.getTime() - now.getTime()).toBeGreaterThan(3649 * 86_400_000);
  expect(first.selfSigned).toBe(true);
  expect((await stat(join(dir, 'tls.key'))).mode & 0o777).toBe(0o600);
  expect(await loadOrMakeTls({ dir, names: ['gpu.example'], now })).toEqual(first);
});

test('another name does not change the certificate that agents are pinned to, and its holder trusts it', async () => {
  const dir = await freshDir();
  const made = await loadOrMakeTls({ dir, names: [], now });
  expect(await loadOrMakeTls({ dir, names: ['new.example'], now })).toEqual(made);
  expect(await get(made, { ca: made.cert, servername: 'localhost' })).toBe('hello');
  await expect(get(made, {})).rejects.toThrow(/self-signed|unable to verify/i);
});

test('a certificate near its end is renewed', async () => {
  const dir = await freshDir();
  const old = await loadOrMakeTls({ dir, names: [], now });
  const later = new Date(now.getTime() + 3600 * 86_400_000);
  const renewed = await loadOrMakeTls({ dir, names: [], now: later });
  expect(new X509Certificate(renewed.cert).validToDate.getTime()).toBeGreaterThan(later.getTime());
  expect(renewed.spkiPin).toBe(old.spkiPin);
});

test('a given pair is used as it is, and refused when its halves do not match', async () => {
  const [a, b] = [await freshDir(), await freshDir()];
  const mine = await loadOrMakeTls({ dir: a, names: [], now });
  await loadOrMakeTls({ dir: b, names: [], now });
  const dir = await freshDir();
  const given = { dir, names: ['elsewhere.example'], now, certFile: join(a, 'tls.crt') };
  expect(await loadOrMakeTls({ ...given, keyFile: join(a, 'tls.key') })).toEqual(mine);
  await expect(loadOrMakeTls({ ...given, keyFile: join(b, 'tls.key') })).rejects.toThrow(/does not belong/);
  await expect(loadOrMakeTls(given)).rejects.toThrow(/other half/);
  await expect(loadOrMakeTls({ ...given, keyFile: join(a, 'nothing') })).rejects.toThrow(/cannot be read/);
  const garbage = join(dir, 'garbage');
  await writeFile(garbage, 'garbage');
  await expect(loadOrMakeTls({ ...given, keyFile: garbage })).rejects.toThrow(/not a private key/);
  const afterItsEnd = new Date(now.getTime() + 4000 * 86_400_000);
  await expect(loadOrMakeTls({ ...given, keyFile: join(a, 'tls.key'), now: afterItsEnd })).rejects.toThrow(/ended on/);
});

test('a half-written state, a key without its certificate, keeps the key', async () => {
  const dir = await freshDir();
  const whole = await loadOrMakeTls({ dir, names: [], now });
  const other = await freshDir();
  await writeFile(join(other, 'tls.key'), await readFile(join(dir, 'tls.key')));
  expect((await loadOrMakeTls({ dir: other, names: [], now })).spkiPin).toBe(whole.spkiPin);
});

async function get(tls: Tls, options: { ca?: string; servername?: string }): Promise<string> {
  const server = createServer({ cert: tls.cert, key: tls.key }, (_, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      });
      sent.on('error', reject).end();
    });
  } finally {
    server.close();
  }
}
