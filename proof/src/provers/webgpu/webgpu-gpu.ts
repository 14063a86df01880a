import type { Gpu, KernelName, Launch, Mark } from '../gpu/gpu.ts';
import { kernelNames } from '../gpu/gpu.ts';
import { digest } from './wgsl/digest.ts';
import { gather } from './wgsl/gather.ts';
import { generate } from './wgsl/generate.ts';
import { product, PRODUCT_TILE } from './wgsl/product.ts';
import { join, rowNodes } from './wgsl/tree.ts';

/** One adapter, opened. There is one queue, so lanes are in order by themselves. `packed`: it has products of four bytes. */
export async function openWebGpu(adapter: GPUAdapter, packed: boolean, chunkBytes: number): Promise<Gpu<GPUBuffer>> {
  const device = await adapter.requestDevice();
  let failure: Error | undefined;
  const failed = (reason: string): void => void (failure ??= new Error(reason));
  device.addEventListener('uncapturederror', ({ error }) => failed(`the device refused: ${error.message}`));
  const lost = device.lost.then(({ message }) => failed(`the device was lost: ${message}`));
  const pipelines = await pipelinesFor(device, packed);
  const queued = openQueue(device);

  return {
    chunkBytes,
    roundsAhead: 1,
    allocate: (size) => {
      const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage;
      return device.createBuffer({ size, usage: STORAGE | COPY_DST | COPY_SRC });
    },
    release: (buffer) => buffer.destroy(),
    upload: (buffer, data) => {
      queued.submit();
      device.queue.writeBuffer(buffer, 0, Uint8Array.from(data));
    },
    run: (_lane, launch) => queued.add(pipelines[launch.kernel], launch),
    mark: () => {
      queued.submit();
      return device.queue.onSubmittedWorkDone() as unknown as Mark;
    },
    after: () => undefined,
    reached: async (mark) => {
      await Promise.race([mark as unknown as Promise<void>, lost]);
      if (failure !== undefined) throw failure;
    },
    read: async (buffer, at, bytes) => {
      queued.submit();
      const copy = device.createBuffer({ size: bytes, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, at, copy, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await Promise.race([copy.mapAsync(GPUMapMode.READ), lost]);
      if (failure !== undefined) throw failure;
      const data = new Uint8Array(copy.getMappedRange()).slice();
      copy.destroy();
      return data;
    },
    close: async () => {
      device.destroy();
      await lost;
    },
  };
}

async function pipelinesFor(device: GPUDevice, packed: boolean): Promise<Record<KernelName, GPUComputePipeline>> {
  const texts: Record<KernelName, string> = {
    generate,
    product: product(packed),
    row_nodes: rowNodes,
    join,
    digest,
    gather,
  };
  const pipelines = kernelNames.map(async (name) => {
    const module = device.createShaderModule({ label: name, code: texts[name] });
    const compute = { module, entryPoint: 'main' };
    return [name, await device.createComputePipelineAsync({ label: name, layout: 'auto', compute })] as const;
  });
  return Object.fromEntries(await Promise.all(pipelines)) as Record<KernelName, GPUComputePipeline>;
}

type Queue = { add: (pipeline: GPUComputePipeline, launch: Launch<GPUBuffer>) => void; submit: () => void };

/** Launches are encoded one after the other and handed over when somebody waits for them. */
function openQueue(device: GPUDevice): Queue {
  let open: { encoder: GPUCommandEncoder; pass: GPUComputePassEncoder; numbers: GPUBuffer[] } | undefined;
  return {
    add: (pipeline, launch) => {
      open ??= begun();
      const numbers = uniform(launch.numbers);
      open.numbers.push(numbers);
      const resources = launch.memories.map(({ memory, at, bytes }) => ({
        buffer: memory,
        offset: at,
        size: bytes ?? memory.size - at,
      }));
      const entries = [{ buffer: numbers }, ...resources].map((resource, binding) => ({ binding, resource }));
      open.pass.setPipeline(pipeline);
      open.pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
      open.pass.dispatchWorkgroups(...groupsOf(launch));
    },
    submit: () => {
      if (open === undefined) return;
      const { encoder, pass, numbers } = open;
      open = undefined;
      pass.end();
      device.queue.submit([encoder.finish()]);
      for (const buffer of numbers) buffer.destroy();
    },
  };

  function begun() {
    const encoder = device.createCommandEncoder();
    return { encoder, pass: encoder.beginComputePass(), numbers: [] };
  }

  function uniform(numbers: readonly number[]): GPUBuffer {
    const buffer = device.createBuffer({ size: 64, usage: GPUBufferUsage.UNIFORM, mappedAtCreation: true });
    new Uint32Array(buffer.getMappedRange()).set(numbers);
    buffer.unmap();
    return buffer;
  }
}

const itemsOfGroup: Record<Exclude<KernelName, 'product'>, number> = {
  generate: 64,
  row_nodes: 256,
  join: 64,
  digest: 1,
  gather: 1,
};
/** In each direction, on every device. */
const GROUPS_MAX = 65_535;

function groupsOf({ kernel, items }: Launch<GPUBuffer>): [number, number] {
  if (kernel === 'product') return [items / PRODUCT_TILE, items / PRODUCT_TILE];
  return [Math.min(GROUPS_MAX, Math.ceil(items / itemsOfGroup[kernel])), 1];
}
