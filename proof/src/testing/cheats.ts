import type { Cheat } from './cheating-prover.ts';

/** What an attacker leaves out of a work with n = 256: a share of it stays zero. */

/** Each leaf on its own, as good as at random. */
export function leavesLeftOut(share: number): Cheat {
  return {
    work: (slab, t) => {
      const leaves = slab.length / 256;
      for (let leaf = 0; leaf < leaves; leaf++)
        if (isPicked(leaf + t * leaves, share)) slab.fill(0, leaf * 256, leaf * 256 + 256);
    },
  };
}

/** Row i of the input writes column i of the output. */
export function rowsLeftOut(share: number): Cheat {
  return {
    work: (slab) => {
      for (let row = 0; row < 256; row++) slab.fill(0, row * 256, row * 256 + Math.round(256 * share));
    },
  };
}

export function roundsLeftOut(count: number): Cheat {
  return { work: (slab, t) => void (t <= count && slab.fill(0)) };
}

export function withoutRows(slab: Uint8Array, share: number): Uint8Array {
  return new Uint8Array(slab.length).fill(0).map((_, n) => (n < Math.round(256 * share) * 256 ? 0 : slab[n]!));
}

export const inUnits = (share: number, units: number): number => Math.round(units * share) / units;
const isPicked = (n: number, share: number): boolean => (Math.imul(n, 0x9e3779b1) >>> 0) / 2 ** 32 < share;
