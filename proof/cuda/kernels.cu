// All kernels but the product: the same for every card.
#include "digest.cuh"
#include "gather.cuh"
#include "generate.cuh"
#include "tree.cuh"
