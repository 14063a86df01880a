import { boundsOf } from '@gpucoop/proof/bounds.ts';
import { classTable } from '@gpucoop/proof/class-table.ts';
import type { ClassRow } from '@gpucoop/proof/class-table.ts';
import { supportFor } from '@gpucoop/proof/classes.ts';
import { residentBytes, usualSamples } from '@gpucoop/proof/parameters.ts';
import type { Parameters } from '@gpucoop/proof/parameters.ts';
import type { Bench } from '../bench.ts';

/**
 * A host without the card that passes everything on to one elsewhere, on a simulated clock: each exchange takes the passes and one
 * way there and back to the card. The host answers pings itself, and delays them as far as the verifier believes it.
 */
export const proofRelay: Bench = {
  name: 'proof-relay',
  what: 'simulated: a relay to a card elsewhere, refused for its bandwidth, by the way to the card and how passes are spread',
  run({ quick }) {
    const trials = quick ? 200 : 20_000;
    const rows = ['rtx-4090', 'h200-sxm-141gb', 't4'].flatMap((slug) =>
      spreads.map(([exchanges, passes]) => {
        const row = classTable.find((one) => one.slug === slug)!;
        const refused = (extraMs: number): string => {
          const refusals = simulate(row, { exchanges, passes, extraMs, trials });
          return `${((100 * refusals) / trials).toFixed(1)} %`;
        };
        return {
          class: slug,
          'exchanges × passes': `${exchanges} × ${passes}`,
          ...Object.fromEntries(extras.map((ms) => [ms === 0 ? 'honest' : `relay +${ms} ms`, refused(ms)])),
        };
      }),
    );
    return Promise.resolve({ rows, json: { trials, honestRttMs: HONEST_RTT_MS, jitterMs: JITTER_MS } });
  },
};

const spreads = [
  [1, 8],
  [3, 4],
  [8, 1],
] as const;
const extras = [0, 0.3, 5, 20, 50, 100];
/** From the verifier to the host, of which the verifier takes the least ping off, at most this much. */
const HONEST_RTT_MS = 10;
const JITTER_MS = 1;
/** A card that reads at 85 % of its data sheet, give or take. */
const READ = 0.85;
const READ_SPREAD = 0.01;

type Case = { exchanges: number; passes: number; extraMs: number; trials: number };

function simulate(row: ClassRow, { exchanges, passes, extraMs, trials }: Case): number {
  const random = seeded(42);
  const slabs = Math.floor((0.92 * row.memoryGib * 2 ** 30) / 4096 ** 2);
  const parameters: Parameters = { ...usualSamples, n: 4096, slabs, exchanges, passes };
  const passMs = (residentBytes(parameters) / (row.gigabytesPerSecond * 1e9 * READ)) * 1000;
  let refused = 0;
  for (let trial = 0; trial < trials; trial++) {
    const wayMs = () => HONEST_RTT_MS + JITTER_MS * random.exponential();
    const leastPingMs = Math.min(...Array.from({ length: 5 }, wayMs));
    const exchangeMicros = Array.from({ length: exchanges }, () => {
      const reading = passes * passMs * (1 + READ_SPREAD * random.normal());
      return BigInt(Math.ceil(1000 * (reading + wayMs() + extraMs)));
    });
    const allowanceMicros = BigInt(Math.floor(1000 * Math.min(leastPingMs, HONEST_RTT_MS)));
    const bounds = boundsOf(parameters, { commitMicros: 1n, exchangeMicros, allowanceMicros });
    if (supportFor(row.slug, bounds)?.bandwidth !== true) refused += 1;
  }
  return refused;
}

/** The same in every run. */
function seeded(seed: number): { exponential: () => number; normal: () => number } {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / (2 ** 32 + 1);
  };
  return {
    exponential: () => -Math.log(uniform()),
    normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
