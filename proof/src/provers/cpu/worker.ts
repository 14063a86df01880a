import { parentPort, workerData } from 'node:worker_threads';
import { laneWords } from '../../keys.ts';
import { HASH_BYTES } from '../../parameters.ts';
import { loadKernels } from '../../wasm/kernels.ts';
import { scratchAt, SHARED_PAGES_MAX, slabAt, treeAt } from './banks.ts';
import type { Bank } from './banks.ts';
import { openShare } from './fill.ts';
import { openParts } from './open-parts.ts';
import type { BankView } from './open-parts.ts';
import type { Order, Report, WorkerSetup } from './crew.ts';
import { raiseTree, rootAt } from '../../tree-in-memory.ts';

/** One thread of the crew. It does what `crew.ts` orders, on memory that all share, and reports when it is done. */

const { n, slabs, key, worker, workers, banks, meeting } = workerData as WorkerSetup;
const views = banks.map(viewOf);
const viewOfSlab = (slab: number): BankView => views.find(({ last }) => slab <= last)!;

parentPort!.on('message', (order: Order) => {
  switch (order.kind) {
    case 'fill':
      fill(new Uint8Array(order.roots));
      return report({ kind: 'done' });
    case 'reside':
      reside(order.passKey, new Uint8Array(order.roots));
      return report({ kind: 'done' });
    case 'open': {
      const opened = openParts(n, viewOfSlab, order.parts, order.passKeys);
      return report({ kind: 'opened', opened });
    }
  }
});

function fill(roots: Uint8Array): void {
  const from = Math.floor((n * worker) / workers / 8) * 8;
  const to = Math.floor((n * (worker + 1)) / workers / 8) * 8;
  const share = openShare(n, key, from, to - from);
  let saidAtMs = performance.now();
  for (let round = 0; round < slabs; round++) {
    const [input, output] = [round === 0 ? undefined : viewOfSlab(round), viewOfSlab(round + 1)];
    const inputAt = input?.slab(round) ?? 0;
    share.round(
      round,
      (i, target) => target.set(input!.bytes.subarray(inputAt + i * n, inputAt + (i + 4) * n)),
      (j, rows, nodes) => {
        output.bytes.set(rows, output.slab(round + 1) + j * n);
        output.bytes.set(nodes, output.tree(round + 1) + HASH_BYTES * j);
      },
    );
    meet();
    if (worker === 0 && performance.now() - saidAtMs > 100) {
      saidAtMs = performance.now();
      report({ kind: 'progress', slabs: round + 1 });
    }
  }
  for (const slab of ownSlabs()) {
    const view = viewOfSlab(slab);
    raiseTree(view.kernels, view.tree(slab), n);
    copyRoot(view, view.tree(slab), slab, roots);
  }
}

function reside(passKey: Uint32Array, roots: Uint8Array): void {
  const padded = new Set<BankView>();
  for (const slab of ownSlabs()) {
    const view = viewOfSlab(slab);
    if (!padded.has(view)) view.pad(passKey);
    padded.add(view);
    view.digests(slab);
    raiseTree(view.kernels, view.scratchTree, n);
    copyRoot(view, view.scratchTree, slab, roots);
  }
}

function copyRoot({ bytes }: BankView, tree: number, slab: number, roots: Uint8Array): void {
  const at = rootAt(tree, n);
  roots.set(bytes.subarray(at, at + HASH_BYTES), HASH_BYTES * (slab - 1));
}

function* ownSlabs(): Generator<number> {
  for (let slab = worker + 1; slab <= slabs; slab += workers) yield slab;
}

/** Nobody goes on before all have come: a round reads what all have written. */
function meet(): void {
  const [arrived, meetings] = [0, 1];
  const current = Atomics.load(meeting, meetings);
  if (Atomics.add(meeting, arrived, 1) === workers - 1) {
    Atomics.store(meeting, arrived, 0);
    Atomics.add(meeting, meetings, 1);
    Atomics.notify(meeting, meetings);
  } else Atomics.wait(meeting, meetings, current);
}

function report(message: Report): void {
  parentPort!.postMessage(message);
}

function viewOf(bank: Bank): BankView {
  const { memory, firstSlab, slabs: count } = bank;
  const kernels = loadKernels(memory, SHARED_PAGES_MAX);
  const bytes = new Uint8Array(memory.buffer);
  const pad = scratchAt(n, worker);
  const scratchTree = pad + n;
  return {
    kernels,
    bytes,
    last: firstSlab + count - 1,
    slab: (slab) => slabAt(n, workers, bank, slab),
    tree: (slab) => treeAt(n, workers, bank, slab),
    scratchTree,
    pad: (passKey) => {
      const { added, xored } = laneWords(passKey, 0);
      // The words of the key stand for a moment where the digests will.
      new Uint32Array(memory.buffer, scratchTree, 8).set([...added, ...xored]);
      kernels.generate(pad, 0, n / 4, scratchTree, scratchTree + 16);
    },
    digests: (slab) => kernels.digest(slabAt(n, workers, bank, slab), pad, n, scratchTree, slab, 0, n),
  };
}
