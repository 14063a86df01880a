import { PAGE_BYTES, FREE_FROM } from '../../wasm/kernels.ts';
import { treeBytes } from '../../tree-in-memory.ts';

/**
 * Where slabs lie. A WebAssembly memory ends at 4 GiB, so they are spread over several, all shared by the worker threads. Each holds some
 * slabs, the tree over the rows of each, and a place for every worker to make pads and digests in.
 */
export type Bank = { memory: WebAssembly.Memory; firstSlab: number; slabs: number };

export const USUAL_BANK_BYTES = 2 ** 30;
export const SHARED_PAGES_MAX = 65_536;

const slabAndTreeBytes = (n: number): number => n * n + treeBytes(n);
export const scratchBytes = (n: number): number => n + treeBytes(n);
const bankBytes = (n: number, slabs: number, workers: number): number =>
  FREE_FROM + workers * scratchBytes(n) + slabs * slabAndTreeBytes(n) + 256;

/** How a work is divided: slabs over banks of so many bytes, and the computing over workers. */
export type Division = { n: number; slabs: number; workers: number; bankBytesMost: number };

/** Slabs count from 1. */
export function openBanks(division: Division): Bank[] {
  const { n, workers } = division;
  return split(division).map(({ firstSlab, slabs: count }) => {
    const pages = Math.ceil(bankBytes(n, count, workers) / PAGE_BYTES);
    return {
      memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }),
      firstSlab,
      slabs: count,
    };
  });
}

export function banksBytes(division: Division): number {
  const { n, workers } = division;
  return split(division).reduce((sum, { slabs: count }) => sum + bankBytes(n, count, workers), 0);
}

/** Addresses in a bank. */
export const scratchAt = (n: number, worker: number): number => FREE_FROM + worker * scratchBytes(n);
export const slabAt = (n: number, workers: number, { firstSlab }: Bank, slab: number): number =>
  scratchAt(n, workers) + (slab - firstSlab) * n * n;
export const treeAt = (n: number, workers: number, { firstSlab, slabs }: Bank, slab: number): number =>
  scratchAt(n, workers) + slabs * n * n + (slab - firstSlab) * treeBytes(n);

function split({ n, slabs, bankBytesMost }: Division): { firstSlab: number; slabs: number }[] {
  const most = Math.max(1, Math.floor(bankBytesMost / slabAndTreeBytes(n)));
  return Array.from({ length: Math.ceil(slabs / most) }, (_, bank) => ({
    firstSlab: bank * most + 1,
    slabs: Math.min(most, slabs - bank * most),
  }));
}
