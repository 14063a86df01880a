import type { ProverDevice } from '../../prover.ts';

/** The adapters of this machine. WebGPU tells neither how many there are nor what is free: it offers one of each kind that one asks for. */
export type FoundAdapter = {
  device: ProverDevice;
  adapter: GPUAdapter;
  /** The processor, behind a driver. */
  software: boolean;
  /** It has products of four bytes. */
  packed: boolean;
};

/** Empty where the package or a driver is missing. An adapter can be opened once. */
export async function findAdapters(): Promise<FoundAdapter[]> {
  const gpu = await openDawn();
  const adapters: FoundAdapter[] = [];
  if (gpu === undefined) return adapters;
  for (const powerPreference of ['high-performance', 'low-power'] as const) {
    const adapter = await gpu.requestAdapter({ powerPreference });
    if (adapter === null) continue;
    const found = describe(gpu, adapter, adapters.length);
    if (!adapters.some(({ device }) => device.name === found.device.name)) adapters.push(found);
  }
  return adapters;
}

let dawn: Promise<GPU | undefined> | undefined;

/** One for the process: adapters and devices end with the instance that gave them. */
function openDawn(): Promise<GPU | undefined> {
  dawn ??= import('webgpu').then(
    ({ create, globals }) => {
      Object.assign(globalThis, globals);
      return create([]);
    },
    () => undefined,
  );
  return dawn;
}

function describe(gpu: GPU, adapter: GPUAdapter, number: number): FoundAdapter {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const name = [vendor, architecture, device, description].filter((part) => part !== '').join(' ');
  return {
    // WebGPU does not tell: whoever asks says how much to fill, and is refused where it does not fit.
    device: { id: `webgpu-${number}`, name, totalBytes: Infinity, freeBytes: Infinity },
    adapter,
    software: isFallbackAdapter || /software|llvmpipe|swiftshader/i.test(name),
    packed: gpu.wgslLanguageFeatures.has('packed_4x8_integer_dot_product'),
  };
}
