import { randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { openAnswerer } from '../answer.ts';
import type { Answerer } from '../answer.ts';
import { converse, pingMs } from '../converse.ts';
import type { Link } from '../converse.ts';
import { SLOT_BYTES } from '../messages.ts';
import { usualSamples } from '../parameters.ts';
import type { Parameters } from '../parameters.ts';
import type { Prover, ProverDevice } from '../prover.ts';
import { signedVerdict } from '../verdict.ts';
import type { Ended, Limits } from '../verifier.ts';
import { UsageError } from './arguments.ts';
import { attest } from './attest.ts';
import type { Attestation } from './attest.ts';
import type { Chosen } from './choose.ts';
import type { Progress } from './progress.ts';

/** One challenge of one of this machine's devices, both sides in this process. */
export type ProvedHere = {
  device: ProverDevice;
  kind: Prover['kind'];
  parameters: Parameters;
  ended: Ended;
  verdict: Uint8Array;
  verifyMs: number;
  /** Of an NVIDIA card that has a report about itself. */
  attestation?: Attestation | undefined;
};

/** A person waits: nothing is cut off that still goes on. Checkers set limits by what a class must do. */
const PATIENCE: Limits = { commitMs: 3_600_000, exchangeMs: 600_000, openMs: 600_000, allowanceMs: 0 };
const PINGS = 5;

/** `ocspAnswers`: about the certificates of a card's attestation. */
export async function proveHere(
  chosen: Chosen,
  progress: Progress,
  ocspAnswers: readonly Uint8Array[] = [],
): Promise<ProvedHere> {
  const { prover, device, memoryBytes } = chosen;
  const parameters = sized(chosen);
  const [machine, checker] = [ed25519.keygen(), ed25519.keygen()];
  const signer = (secretKey: Uint8Array) => (bytes: Uint8Array) => ed25519.sign(bytes, secretKey);
  const slot = new Uint8Array(randomBytes(SLOT_BYTES));
  const beganMs = performance.now();
  const answerer = openAnswerer({
    prover,
    deviceId: device.id,
    slot,
    publicKey: machine.publicKey,
    sign: signer(machine.secretKey),
    isVerifier: (key) => Buffer.compare(key, checker.publicKey) === 0,
    memoryBytesMax: memoryBytes,
    progress: (slabs) => progress.say('filling memory', filled(parameters, slabs, performance.now() - beganMs)),
  });
  const { link, lastAnsweredMs } = linkTo(answerer);
  const fresh = (): Uint8Array => new Uint8Array(randomBytes(32));
  const nowMs = (): number => performance.now();
  const challenge = {
    id: new Uint8Array(randomBytes(16)),
    verifierKey: checker.publicKey,
    proverKey: machine.publicKey,
    slot,
    parameters,
    expiryMs: BigInt(Date.now() + PATIENCE.commitMs),
    seed: fresh(),
  };
  const release = await prover.prepare?.(device.id);
  try {
    const pings: number[] = [];
    for (let n = 0; n < PINGS; n++) pings.push((await pingMs(link, challenge.id, { nowMs, fresh }, 1000)) ?? 0);
    const limits = { ...PATIENCE, allowanceMs: Math.min(...pings) };
    const sign = signer(checker.secretKey);
    const stage = (name: keyof typeof steps): void => progress.say(steps[name]);
    const ended = await converse(link, challenge, limits, { sign, nowMs, fresh, stage });
    const verifyMs = nowMs() - lastAnsweredMs();
    const verdict = await signedVerdict(ended, sign);
    const isCard = prover.kind === 'cuda';
    const attestation = isCard ? await attest(device, machine.publicKey, challenge.id, ocspAnswers) : undefined;
    return { device, kind: prover.kind, parameters, ended, verdict, verifyMs, attestation };
  } finally {
    await answerer.close();
    release?.();
  }
}

/** `1.2 of 4.0 GiB, 34 s left`. */
function filled({ n, slabs }: Parameters, done: number, tookMs: number): string {
  const gib = (count: number): string => ((n * n * count) / 2 ** 30).toFixed(1);
  const mib = (count: number): string => String(Math.round((n * n * count) / 2 ** 20));
  const amount = n * n * slabs < 2 ** 30 ? `${mib(done)} of ${mib(slabs)} MiB` : `${gib(done)} of ${gib(slabs)} GiB`;
  return `${amount}, ${Math.ceil(((slabs - done) * tookMs) / done / 1000)} s left`;
}

const steps = {
  commitment: 'filling memory',
  roots: 'reading memory',
  openings: 'opening samples',
  ended: 'done',
} as const;

/** As many slabs as fit. */
function sized({ prover, n, memoryBytes }: Chosen): Parameters {
  const besides = prover.memoryBytes(n, 1) - n * n;
  let slabs = Math.max(1, Math.ceil((memoryBytes - besides) / (n * n)));
  while (slabs > 1 && prover.memoryBytes(n, slabs) > memoryBytes) slabs -= 1;
  if (prover.memoryBytes(n, slabs) > memoryBytes) {
    const needed = Math.ceil(prover.memoryBytes(n, 1) / 2 ** 20);
    throw new UsageError(`n = ${n} needs ${needed} MiB at least`);
  }
  return { n, slabs, ...usualSamples };
}

/** The prover's side as the far end of a link. What it throws ends the link, and is thrown to whoever waits there. */
function linkTo(answerer: Answerer): { link: Link; lastAnsweredMs: () => number } {
  let answer: Promise<{ bytes: Uint8Array; atMs: number }> | undefined;
  let lastMs = 0;
  const link: Link = {
    send: (bytes) => {
      answer = answerer.receive(bytes, Date.now()).then((reply) => {
        lastMs = performance.now();
        return { bytes: reply, atMs: lastMs };
      });
      answer.catch(() => undefined); // heard by receive
      return Promise.resolve();
    },
    receive: () => answer ?? Promise.resolve('lost'),
  };
  return { link, lastAnsweredMs: () => lastMs };
}
