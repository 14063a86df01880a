import { usualSamples } from '@gpucoop/proof/parameters.ts';
import type { Parameters } from '@gpucoop/proof/parameters.ts';
import type { Cheat } from '@gpucoop/proof/testing/cheating-prover.ts';
import { inUnits, leavesLeftOut, rowsLeftOut, roundsLeftOut, withoutRows } from '@gpucoop/proof/testing/cheats.ts';
import { acceptance } from '@gpucoop/proof/testing/rate.ts';
import type { Bench } from '../bench.ts';

/** How often an attacker is accepted, with few samples so that there is something to count, and with the usual ones. */
export const proofAttacks: Bench = {
  name: 'proof-attacks',
  what: 'attackers who leave out a share of the work or of the memory: accepted, measured against the formula',
  async run({ quick, say }) {
    const rows = [];
    for (const { name, share, cheat, slabs, formula } of attacks()) {
      for (const samples of [few, usual]) {
        const parameters = { ...samples, n: 256, slabs };
        const trials = quick ? 50 : samples === few ? 4000 : 1000;
        say(`${name}, ${share}, ${samples.rows} rows`);
        const { accepted } = await acceptance(parameters, cheat, trials);
        rows.push({
          'left out': name,
          share,
          'q, q_R': `${samples.rows}, ${samples.residencySamples}`,
          trials: String(trials),
          accepted: (accepted / trials).toFixed(4),
          formula: formula(parameters).toFixed(4),
        });
      }
    }
    return { rows, json: {} };
  },
};

const few = { ...usualSamples, exchanges: 1, passes: 2, rows: 16, residencySamples: 16 };
const usual = { ...usualSamples, exchanges: 1, passes: 2 };

type Attack = { name: string; share: string; cheat: Cheat; slabs: number; formula: (parameters: Parameters) => number };

function attacks(): Attack[] {
  return [0.02, 0.05, 0.1].flatMap((share) => {
    const percent = `${100 * share} %`;
    const [ofRows, rounds] = [inUnits(share, 256), Math.round(50 * share)];
    const seen = (part: number) => (parameters: Parameters) => (1 - part * (1 - 256 ** -2)) ** parameters.rows;
    return [
      {
        name: 'leaves',
        share: percent,
        cheat: leavesLeftOut(share),
        slabs: 4,
        formula: ({ rows, columns }) => (1 - share * (1 - 1 / 256)) ** (rows * columns),
      },
      { name: 'input rows', share: percent, cheat: rowsLeftOut(share), slabs: 4, formula: seen(ofRows) },
      { name: 'rounds', share: percent, cheat: roundsLeftOut(rounds), slabs: 50, formula: seen(rounds / 50) },
      {
        name: 'memory',
        share: percent,
        cheat: { memory: (slab) => withoutRows(slab, share) },
        slabs: 4,
        formula: ({ residencySamples }) => (1 - ofRows) ** residencySamples,
      },
    ] satisfies Attack[];
  });
}
