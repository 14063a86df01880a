import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { attestationNonce, verifyAttestation } from '../../attestation/verify-attestation.ts';
import { cardWithChain } from '../../testing/attestation-evidence.ts';
import { readAttestation } from './nvml.ts';

describeNeeding(['cc'], 'a report through the management library', () => {
  test('is what the card gave for this nonce, and is verified; for another card or nonce there is none', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'coop-nvml-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const card = cardWithChain();
    const nonce = attestationNonce(new Uint8Array(32).fill(5), new Uint8Array(16));
    writeFileSync(join(directory, 'report'), card.report(nonce));
    writeFileSync(join(directory, 'chain.pem'), card.chain);
    const library = join(directory, 'libnvidia-ml.so');
    const source = join(import.meta.dirname, '../../../cuda/emulator/nvml.cpp');
    execFileSync('g++', ['-Wall', '-Werror', '-shared', '-fPIC', `-DEVIDENCE="${directory}"`, source, '-o', library]);

    const evidence = await readAttestation('GPU-emulated', nonce, { library });
    const options = { nonce, atMs: Date.UTC(2026, 10, 26), roots: [card.root] };
    expect(verifyAttestation(evidence!, options)).toMatchObject({ subject: 'CN=GH100 A01 GSP BROM' });
    expect(await readAttestation('GPU-other', nonce, { library })).toBeUndefined();
    expect(
      await readAttestation(
        'GPU-emulated',
        nonce.map((byte) => byte ^ 1),
        { library },
      ),
    ).toBeUndefined();
  });
});

test('without the library there is no report, and no error', async () => {
  expect(await readAttestation('GPU-x', new Uint8Array(32), { library: '/nowhere/libnvidia-ml.so.1' })).toBeUndefined();
});
