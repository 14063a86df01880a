import { attestationFaults, attestationNonce, verifyAttestation } from '../attestation/verify-attestation.ts';
import type { Attested, AttestationFault } from '../attestation/verify-attestation.ts';
import type { ProverDevice } from '../prover.ts';
import { readAttestation } from '../provers/cuda/nvml.ts';

/** What the card says of itself for this challenge, judged. Undefined where it says nothing, as most cards do. */
export type Attestation = Attested | { fault: AttestationFault };

export async function attest(
  { id }: ProverDevice,
  proverKey: Uint8Array,
  challengeId: Uint8Array,
): Promise<Attestation | undefined> {
  const nonce = attestationNonce(proverKey, challengeId);
  const evidence = await readAttestation(id, nonce);
  return evidence && verifyAttestation(evidence, { nonce, atMs: Date.now() });
}

export function sayAttestation(attestation: Attestation | undefined): string {
  if (attestation === undefined) return 'none: the card or its driver offers none';
  if ('fault' in attestation) return `refused: ${attestationFaults[attestation.fault]}`;
  const { subject, measurements } = attestation;
  return `a genuine NVIDIA card (${subject.replaceAll('\n', ', ')}) answered for this challenge, with ${measurements.size} measurements`;
}
