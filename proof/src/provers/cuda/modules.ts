import { kernels } from './ptx/kernels.ts';
import { productDp4a } from './ptx/product-dp4a.ts';
import { productTensor } from './ptx/product-tensor.ts';

/** What a card runs: the driver compiles these texts for it. */
export type Modules = { texts: readonly string[]; product: ProductShape };

/** Entries of one block's tile of the product, and the shared memory that it is launched with. */
export type ProductShape = { rows: number; columns: number; sharedBytes: number };

export function modulesFor(capability: number): Modules {
  if (capability >= 80) {
    return { texts: [kernels, productTensor], product: { rows: 128, columns: 256, sharedBytes: 98_304 } };
  }
  if (capability >= 75) return { texts: [kernels, productDp4a], product: { rows: 64, columns: 64, sharedBytes: 0 } };
  throw new Error(`compute capability ${capability / 10} is older than 7.5, which the CUDA prover needs`);
}
