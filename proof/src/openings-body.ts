import type { Layout } from './openings-layout.ts';
import { HASH_BYTES, slabLevels } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import type { OpenedParts } from './prover.ts';
import type { SlabTree } from './slab-tree.ts';

/** What a device opened, and the paths from its slabs to the commitment and to the roots of its passes, each at its place. */
export function openingsBody(
  parameters: Parameters,
  layout: Layout,
  opened: OpenedParts,
  commitment: SlabTree,
  passes: readonly SlabTree[],
): Uint8Array {
  const body = new Uint8Array(layout.bytes);
  body.set(opened.rows, layout.rows.at);
  body.set(opened.leaves, layout.leaves.at);
  body.set(opened.digests, layout.digests.at);
  const { rows, leaves, digests } = layout.parts;
  const path = HASH_BYTES * slabLevels(parameters);
  for (const [entry, { slab }] of rows.entries()) {
    commitment.copyPath(slab - 1, body, layout.rowSlabs.at + path * entry);
  }
  for (let sample = 0; sample < layout.leafSlabs.count; sample++) {
    const { slab } = leaves[sample * parameters.columns]!;
    commitment.copyPath(slab - 1, body, layout.leafSlabs.at + path * sample);
  }
  for (const [entry, { pass, slab }] of digests.entries()) {
    passes[pass]!.copyPath(slab - 1, body, layout.digestSlabs.at + path * entry);
  }
  return body;
}
