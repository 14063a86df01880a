import { checkOpenings } from '../check-openings.ts';
import type { OpeningFault } from '../check-openings.ts';
import { passKeys } from '../keys.ts';
import { openingsBody } from '../openings-body.ts';
import { layoutOf } from '../openings-layout.ts';
import type { Parameters } from '../parameters.ts';
import type { Filled } from '../prover.ts';
import { expandQueries } from '../queries.ts';
import { slabTree } from '../slab-tree.ts';
import { cheatingWork, joined } from './cheating-prover.ts';
import type { Cheat } from './cheating-prover.ts';
import { hash } from './plain-work.ts';

/** How often a cheat is accepted when it commits once and is then asked many times, and what it is refused for. */
export type Measured = { accepted: number; trials: number; faults: Partial<Record<OpeningFault, number>> };

export async function acceptance(parameters: Parameters, cheat: Cheat, trials: number): Promise<Measured> {
  const key = wordsOf(hash('work of a cheat'));
  return acceptanceOf(parameters, cheatingWork({ ...parameters, key }, cheat), key, trials);
}

async function acceptanceOf(
  parameters: Parameters,
  filled: Filled,
  workKey: Uint32Array,
  trials: number,
): Promise<Measured> {
  const tree = slabTree(filled.slabRoots);
  const passes = [];
  for (let exchange = 0; exchange < parameters.exchanges; exchange++) {
    // The keys of one exchange follow from each other's roots, which are only known one by one.
    const roots: Uint8Array[] = [];
    for (let pass = 0; pass < parameters.passes; pass++) {
      const transcript = hash('nonce', String(exchange));
      const passKey = passKeys(transcript, parameters.passes, joined([...roots, new Uint8Array(32)]))[pass]!;
      const passTree = slabTree(await filled.reside(passKey));
      roots.push(passTree.root);
      passes.push({ key: passKey, tree: passTree });
    }
  }
  const commitment = {
    workKey,
    root: tree.root,
    passes: passes.map(({ key, tree: { root } }) => ({ key, root })),
  };
  const measured: Measured = { accepted: 0, trials, faults: {} };
  for (let trial = 0; trial < trials; trial++) {
    const queries = expandQueries(hash('query', String(trial)), parameters);
    const layout = layoutOf(parameters, queries);
    const opened = await filled.open(layout.parts);
    const body = openingsBody(
      parameters,
      layout,
      opened,
      tree,
      passes.map((pass) => pass.tree),
    );
    const fault = checkOpenings(parameters, queries, layout, commitment, body);
    if (fault === undefined) measured.accepted += 1;
    else measured.faults[fault] = (measured.faults[fault] ?? 0) + 1;
  }
  return measured;
}

function wordsOf(digest: Uint8Array): Uint32Array {
  return new Uint32Array(digest.buffer.slice(0, 32));
}
