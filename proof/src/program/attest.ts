import { attestationFaults, attestationNonce, verifyAttestation } from '../attestation/verify-attestation.ts';
import type { Attested, AttestationFault } from '../attestation/verify-attestation.ts';
import type { ProverDevice } from '../prover.ts';
import { readAttestation } from '../provers/cuda/nvml.ts';

/** What the card says of itself for this challenge, judged. Undefined where it says nothing, as most cards do. */
export type Attestation = { judged: Attested | { fault: AttestationFault }; /** PEM, to ask about. */ chain: string };

export async function attest(
  { id }: ProverDevice,
  proverKey: Uint8Array,
  challengeId: Uint8Array,
  ocspAnswers: readonly Uint8Array[],
): Promise<Attestation | undefined> {
  const nonce = attestationNonce(proverKey, challengeId);
  const evidence = await readAttestation(id, nonce);
  if (evidence === undefined) return undefined;
  const judged = verifyAttestation(evidence, { nonce, atMs: Date.now(), ocspAnswers });
  return { judged, chain: evidence.chain };
}

export function sayAttestation(attestation: Attestation | undefined): string {
  if (attestation === undefined) return 'none: the card or its driver offers none';
  const { judged } = attestation;
  if ('fault' in judged) return `refused: ${attestationFaults[judged.fault]}`;
  const { subject, measurements, revocation } = judged;
  const card = `a genuine NVIDIA card (${subject.replaceAll('\n', ', ')})`;
  return `${card} answered for this challenge, with ${measurements.size} measurements; ${revocations[revocation]}`;
}

const revocations: Record<Attested['revocation'], string> = {
  none: 'none of its certificates was revoked',
  not_asked: 'whether a certificate was revoked was not asked',
};
