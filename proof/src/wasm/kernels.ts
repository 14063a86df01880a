import './webassembly.ts';
import { assemble } from './assembler.ts';
import { dot } from './dot.ts';
import { join } from './join.ts';
import { digest, generate } from './mixing.ts';
import { multiply, packTile } from './product.ts';
import { hash4, shaTables } from './sha256.ts';

/** The kernels over one memory. All arguments are addresses or counts; each function's file says what they are. */
export type Kernels = {
  hash4: (from: number, stride: number, blocks: number, out: number, groups: number, padding: number) => void;
  generate: (out: number, counter: number, words: number, added: number, xored: number) => void;
  digest: (row: number, pad: number, bytes: number, out: number, slab: number, number: number, rows: number) => void;
  join: (nodes: number, siblings: number, stride: number, indices: number, out: number, count: number) => void;
  dot: (row: number, column: number, bytes: number) => number;
};

export type ProductKernels = Kernels & {
  pack2: (from: number, out: number) => void;
  pack4: (from: number, out: number) => void;
  multiply: (rows: number, columns: number, out: number, i: number, j: number, round: number, tiles: number) => void;
};

/** Below this every memory holds the tables of SHA-256; callers place what is theirs from here on. */
export const FREE_FROM = 1024;
export const PAGE_BYTES = 65_536;

/** `sharedPagesMax`: the memory is shared between threads, and was made with this largest size. */
export function loadKernels(memory: WebAssembly.Memory, sharedPagesMax?: number): Kernels {
  const functions = [hash4, generate, digest, join, dot];
  return instance<Kernels>(
    memory,
    moduleFor(`${sharedPagesMax}`, () => assemble(functions, sharedPagesMax)),
  );
}

/** With those of the product of matrices of side n. */
export function loadProductKernels(memory: WebAssembly.Memory, n: number): ProductKernels {
  const functions = [hash4, generate, digest, join, dot, packTile(2, n), packTile(4, n), multiply(n)];
  return instance<ProductKernels>(
    memory,
    moduleFor(`n ${n}`, () => assemble(functions)),
  );
}

/** Modules are kept: the engine compiles the better code of a module once. */
const modules = new Map<string, WebAssembly.Module>();

function moduleFor(name: string, bytes: () => Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const kept = modules.get(name) ?? new WebAssembly.Module(bytes());
  modules.set(name, kept);
  return kept;
}

function instance<Exports>(memory: WebAssembly.Memory, module: WebAssembly.Module): Exports {
  new Uint32Array(memory.buffer, 0, shaTables.length).set(shaTables);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
}
