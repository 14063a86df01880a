import type { Prover, ProverDevice } from '../prover.ts';
import { cpuProver } from './cpu/cpu-prover.ts';
import { cudaProver } from './cuda/cuda-prover.ts';
import { webgpuProver } from './webgpu/webgpu-prover.ts';

export type ProversOptions = {
  /** Of the processor; all where nothing is said. */
  threads?: number | undefined;
  /** Also take a processor that a graphics driver offers as a GPU. */
  software?: boolean;
};

/** All kinds, the one that is asked first in front. Libraries are loaded when a kind is asked for its devices, and only then. */
export function openProvers({ threads, software = false }: ProversOptions = {}): Prover[] {
  return [cpuProver(threads === undefined ? {} : { threads }), cudaProver(), webgpuProver({ software })];
}

export type FoundDevice = { prover: Prover; device: ProverDevice };

/** By id. Kinds behind the one that has it are not asked. */
export async function findDevice(provers: readonly Prover[], id: string): Promise<FoundDevice | undefined> {
  for (const prover of provers) {
    const device = (await prover.devices()).find((one) => one.id === id);
    if (device !== undefined) return { prover, device };
  }
  return undefined;
}

/** Of every kind: a card may be there twice, as one of CUDA and as one of WebGPU. */
export async function allDevices(provers: readonly Prover[]): Promise<FoundDevice[]> {
  const found = provers.map(async (prover) => (await prover.devices()).map((device) => ({ prover, device })));
  return (await Promise.all(found)).flat();
}
