import type { Bench } from './bench.ts';
import { hashRows } from './proof/hashes.ts';
import { proverRows } from './proof/prover.ts';
import { verifierRows } from './proof/verifier.ts';
import { table } from './table.ts';

/** What a verifier pays for a challenge, and what the CPU prover pays against a plain C program. Every time is processor time. */
export const proof: Bench = {
  name: 'proof',
  what: 'one challenge verified on one core; SHA-256 against node:crypto; the CPU prover against plain C',
  async run(options) {
    const verifier = await verifierRows(options);
    const hashes = hashRows(options);
    const prover = await proverRows(options);
    for (const rows of [verifier, hashes]) console.log(`${table(rows)}\n`);
    return { rows: prover, json: { verifier, hashes, prover } };
  },
};
