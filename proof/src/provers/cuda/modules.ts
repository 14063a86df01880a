import { kernels } from './ptx/kernels.ts';
import { productDp4a } from './ptx/product-dp4a.ts';
import { productTensor } from './ptx/product-tensor.ts';

/** What a card runs: the driver compiles these texts for it. `productTile`: entries on a side of what one block multiplies. */
export type Modules = { texts: readonly string[]; productTile: number };

export function modulesFor(capability: number): Modules {
  if (capability >= 80) return { texts: [kernels, productTensor], productTile: 128 };
  if (capability >= 75) return { texts: [kernels, productDp4a], productTile: 64 };
  throw new Error(`compute capability ${capability / 10} is older than 7.5, which the CUDA prover needs`);
}
