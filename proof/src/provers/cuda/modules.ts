import { kernels } from './ptx/kernels.ts';
import { productDp4a } from './ptx/product-dp4a.ts';
import { productTensor } from './ptx/product-tensor.ts';
import { productWgmma } from './ptx/product-wgmma.ts';

/** All kernels but the product, as text that the driver compiles for any card. */
export { kernels };

/** One of several kernels that make the same product; `rows` and `columns` are the entries of one block's tile. */
export type Product = ProductShape & { name: ProductName; text: string };
export type ProductName = 'wgmma' | 'mma' | 'dp4a';
export type ProductShape = {
  rows: number;
  columns: number;
  /** Shared memory that it is launched with. */
  sharedBytes: number;
};

/** Fastest first, as far as is known: on a card the first is taken that the driver loads and that computes what it should. */
export const products: readonly (Product & { runsOn: (capability: number) => boolean })[] = [
  // What tensor cores of Hopper alone understand, no later card does.
  { name: 'wgmma', text: productWgmma, rows: 128, columns: 256, sharedBytes: 197_632, runsOn: (card) => card === 90 },
  { name: 'mma', text: productTensor, rows: 128, columns: 256, sharedBytes: 98_304, runsOn: (card) => card >= 80 },
  { name: 'dp4a', text: productDp4a, rows: 64, columns: 64, sharedBytes: 0, runsOn: (card) => card >= 75 },
];

export function productsFor(capability: number): readonly Product[] {
  const found = products.filter(({ runsOn }) => runsOn(capability));
  if (found.length > 0) return found;
  throw new Error(`compute capability ${capability / 10} is older than 7.5, which the CUDA prover needs`);
}
