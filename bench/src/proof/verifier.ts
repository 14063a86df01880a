import { ed25519 } from '@noble/curves/ed25519.js';
import { bulkDigest } from '@gpucoop/proof/bulk-digest.ts';
import { checkOpenings, workspaceBytes } from '@gpucoop/proof/check-openings.ts';
import { layoutOf } from '@gpucoop/proof/openings-layout.ts';
import { usualSamples, workOperations } from '@gpucoop/proof/parameters.ts';
import { expandQueries } from '@gpucoop/proof/queries.ts';
import { signed, verified } from '@gpucoop/proof/transcript.ts';
import type { BenchOptions } from '../bench.ts';
import { forgeOpenings } from './forged-openings.ts';
import type { Forged } from './forged-openings.ts';

/** Processor time of one verifier for one challenge, on one core, with every opening checked. The memories are those of real cards. */
const sizes = [
  { n: 1024, slabs: 1000 },
  { n: 4096, slabs: 8266 },
  { n: 16_384, slabs: 500 },
];

export async function verifierRows({ quick, say }: BenchOptions): Promise<Record<string, string>[]> {
  const signatures = await signaturesMs(quick ? 10 : 100);
  const rows = [];
  for (const size of quick ? sizes.slice(0, 1) : sizes) {
    say(`openings for n = ${size.n} and ${size.slabs} slabs are made`);
    const forged = forgeOpenings({ ...size, ...usualSamples });
    const times = quick ? 5 : 100;
    const checkMs = cpuMs(times, () => check(forged));
    const digestMs = cpuMs(times, () => bulkDigest(forged.body));
    const allMs = checkMs + digestMs + signatures;
    const { operations, hashes } = workOf(forged);
    rows.push({
      n: String(size.n),
      slabs: String(size.slabs),
      'opened MB': (forged.body.length / 1e6).toFixed(2),
      'openings ms': checkMs.toFixed(1),
      'digest ms': digestMs.toFixed(1),
      'signatures ms': signatures.toFixed(1),
      'all ms': allMs.toFixed(1),
      'memory MB': (workspaceBytes(forged.parameters, forged.layout, forged.queries) / 1e6).toFixed(1),
      'challenges/s': (1000 / allMs).toFixed(0),
      hashes: String(hashes),
      'prover/verifier operations': `${(Number(workOperations(forged.parameters)) / operations).toExponential(1)}`,
    });
  }
  return rows;
}

function check({ parameters, queries, layout, commitment, body }: Forged): void {
  const fault = checkOpenings(parameters, queries, layout, commitment, body);
  if (fault !== undefined) throw new Error(`the forged openings are refused: ${fault}`);
  layoutOf(parameters, expandQueries(commitment.root, parameters));
}

/** Multiplications and additions of the entries that are recomputed; and how many hashes the checks take. */
function workOf({ parameters, layout }: Forged): { operations: number; hashes: number } {
  const { n, rows, columns } = parameters;
  const paths = [layout.rows, layout.leaves, layout.digests, layout.rowSlabs, layout.leafSlabs, layout.digestSlabs];
  const inPaths = paths.map((section, index) => {
    const data = index === 0 ? n : index === 1 ? 256 : 0;
    return (section.count * (section.entryBytes - data)) / 32;
  });
  const inRows = layout.rows.count * ((2 * n) / 256 - 1) + layout.leaves.count;
  return { operations: 2 * n * rows * columns, hashes: inRows + inPaths.reduce((sum, one) => sum + one, 0) };
}

/** Two are made (challenge, verdict); commitment, each exchange's roots and openings are verified. */
async function signaturesMs(times: number): Promise<number> {
  const { secretKey, publicKey } = ed25519.keygen();
  const transcript = new Uint8Array(32);
  const sign = (bytes: Uint8Array): Uint8Array => ed25519.sign(bytes, secretKey);
  const { message } = await signed(new Uint8Array(148), transcript, sign);
  const verifyMs = cpuMs(times, () => verified(message, transcript, publicKey));
  const signMs = cpuMs(times, () => sign(transcript));
  return 2 * signMs + (2 + usualSamples.exchanges) * verifyMs;
}

/** Of this thread, the mean of many: the kernel counts in steps of some milliseconds. The first ones warm up. */
function cpuMs(times: number, work: () => unknown): number {
  for (let n = 0; n < 5; n++) work();
  const before = process.threadCpuUsage();
  for (let n = 0; n < times; n++) work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / times;
}
