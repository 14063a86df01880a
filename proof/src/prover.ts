/**
 * What a prover does with one device. The same work gives the same bytes on every prover (docs/internals/proof.md); keys, messages,
 * signatures and the tree over the slabs are the business of `answer.ts`, so a prover knows none of them.
 */
export type Prover = {
  readonly kind: 'cpu' | 'webgpu' | 'cuda';
  /** What can be used now; empty, with no error, where the driver is missing. */
  devices(): Promise<ProverDevice[]>;
  /** Memory that `slabs` slabs of side `n` take on a device with all that is kept beside them. Callers size the work by it. */
  memoryBytes(n: number, slabs: number): number;
  /**
   * Does what needs no challenge, as compiling kernels for a card, so that it does not count as work. Until the result is called the next
   * `begin` is as fast as any later one.
   */
  prepare?: (deviceId: string) => Promise<() => void>;
  /** Computes slabs 1..T and keeps them. When the signal aborts, rejects with its reason and leaves nothing behind. */
  begin(deviceId: string, work: Work, options?: BeginOptions): Promise<Filled>;
};

export type ProverDevice = {
  /** Stable while the machine runs: a GPU's UUID where it has one. */
  id: string;
  /** What the driver says it is. A claim to be tested; nothing is decided by it. */
  name: string;
  /** Infinity where nobody can say. */
  totalBytes: number;
  /** What could be allocated now; Infinity where nobody can say. */
  freeBytes: number;
};

/** `key`: the eight words of the work key. */
export type Work = { n: number; slabs: number; key: Uint32Array };

export type BeginOptions = {
  signal?: AbortSignal;
  /** Called now and then with the number of slabs that stand. */
  progress?: (slabs: number) => void;
};

/** A device full of slabs. One call at a time. */
export type Filled = {
  /** The roots A_1 .. A_T, 32 bytes each. */
  readonly slabRoots: Uint8Array;
  /** One residency pass over all slabs under the eight words of its key: the roots D_1 .. D_T, 32 bytes each. Passes count from 0. */
  reside(passKey: Uint32Array, signal?: AbortSignal): Promise<Uint8Array>;
  /** The asked parts one after the other, in the order asked. */
  open(parts: Parts, signal?: AbortSignal): Promise<OpenedParts>;
  /** Frees the device; calls under way end. Twice does no harm. */
  close(): Promise<void>;
};

/** `slab` counts from 1, as t does for X_t; `row` and `leaf` from 0. */
export type Parts = {
  rows: readonly { slab: number; row: number }[];
  leaves: readonly { slab: number; leaf: number }[];
  digests: readonly { pass: number; slab: number; row: number }[];
};

export type OpenedParts = {
  /** Each: the row's n bytes, then the log2(n) siblings from the row's node up to the slab's root. */
  rows: Uint8Array;
  /** Each: the leaf's 256 bytes, then its log2(n²/256) siblings up to the slab's root. */
  leaves: Uint8Array;
  /** Each: the log2(n) siblings of the row's digest leaf up to the root of that pass and slab. */
  digests: Uint8Array;
};
