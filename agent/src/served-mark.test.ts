import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMeter } from './meter.ts';
import { machineClock } from './machine-clock.ts';
import { signerOf } from './machine-key.ts';
import { parseStatement, signerFromSecret } from '@gpucoop/protocol/evidence.ts';
import { openServedMark } from './served-mark.ts';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'coop-mark-'));
  await mkdir(join(stateDir, 'leases'));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

test('no line says less than an earlier one, not even after the agent was killed', () => {
  const signer = signerOf('33'.repeat(32));
  const meter = openMeter('lse_1', signer, machineClock(), openServedMark(stateDir, 'lse_1'));
  expect(meter.line('c', 12_345, false).body.served_ms).toBe(12_345);
  expect(meter.line('c', 100, false).body.served_ms).toBe(12_345);
  const next = openMeter('lse_1', signer, machineClock(), openServedMark(stateDir, 'lse_1'));
  const line = next.line('c', 7, true);
  expect(line.body).toMatchObject({ served_ms: 12_345, final: true });
  expect(parseStatement('meter', line)).toBeDefined();
});

test('a mark that cannot be read counts as none', async () => {
  await writeFile(join(stateDir, 'leases', 'lse_1.served'), '12');
  const mark = openServedMark(stateDir, 'lse_1');
  expect(mark.read()).toBe(0);
  mark.raise(5);
  mark.close();
  expect(openServedMark(stateDir, 'lse_1').read()).toBe(5);
  mark.remove();
  expect(openServedMark(stateDir, 'lse_1').read()).toBe(0);
});

test('the quick signer gives the protocol’s signatures', () => {
  const secret = '44'.repeat(32);
  const message = new TextEncoder().encode('coop');
  const slow = signerFromSecret(Buffer.from(secret, 'hex'));
  expect(signerOf(secret).publicKey).toBe(slow.publicKey);
  expect(Buffer.from(signerOf(secret).sign(message))).toEqual(Buffer.from(slow.sign(message)));
  expect(() => signerOf('short')).toThrow('damaged');
});
