/**
 * The calls of NVIDIA's driver library that the prover makes, by the names of its binary interface. Handles and device addresses are
 * 64-bit numbers; results go to memory that the caller brings.
 */
const prototypes = {
  cuInit: 'int cuInit(unsigned int flags)',
  cuDeviceGetCount: 'int cuDeviceGetCount(void *count)',
  cuDeviceGet: 'int cuDeviceGet(void *device, int ordinal)',
  cuDeviceGetName: 'int cuDeviceGetName(void *name, int bytes, int device)',
  cuDeviceGetUuid: 'int cuDeviceGetUuid_v2(void *uuid, int device)',
  cuDeviceGetAttribute: 'int cuDeviceGetAttribute(void *value, int attribute, int device)',
  cuDevicePrimaryCtxRetain: 'int cuDevicePrimaryCtxRetain(void *context, int device)',
  cuDevicePrimaryCtxRelease: 'int cuDevicePrimaryCtxRelease_v2(int device)',
  cuCtxSetCurrent: 'int cuCtxSetCurrent(uint64_t context)',
  cuMemGetInfo: 'int cuMemGetInfo_v2(void *free, void *total)',
  cuMemAlloc: 'int cuMemAlloc_v2(void *address, size_t bytes)',
  cuMemFree: 'int cuMemFree_v2(uint64_t address)',
  cuMemcpyDtoH: 'int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes)',
  cuMemcpyHtoDAsync: 'int cuMemcpyHtoDAsync_v2(uint64_t to, void *from, size_t bytes, uint64_t stream)',
  cuStreamCreate: 'int cuStreamCreate(void *stream, unsigned int flags)',
  cuStreamDestroy: 'int cuStreamDestroy_v2(uint64_t stream)',
  cuStreamWaitEvent: 'int cuStreamWaitEvent(uint64_t stream, uint64_t event, unsigned int flags)',
  cuEventCreate: 'int cuEventCreate(void *event, unsigned int flags)',
  cuEventDestroy: 'int cuEventDestroy_v2(uint64_t event)',
  cuEventRecord: 'int cuEventRecord(uint64_t event, uint64_t stream)',
  cuEventQuery: 'int cuEventQuery(uint64_t event)',
  cuModuleLoadData: 'int cuModuleLoadData(void *module, str text)',
  cuModuleUnload: 'int cuModuleUnload(uint64_t module)',
  cuModuleGetFunction: 'int cuModuleGetFunction(void *function, uint64_t module, str name)',
  cuFuncSetAttribute: 'int cuFuncSetAttribute(uint64_t function, int attribute, int value)',
  cuLaunchKernel:
    'int cuLaunchKernel(uint64_t function, uint32_t x, uint32_t y, uint32_t z, uint32_t threads, uint32_t threadsY, uint32_t threadsZ, uint32_t sharedBytes, uint64_t stream, void *parameters, void *extra)',
  cuGetErrorName: 'int cuGetErrorName(int code, void *name)',
} as const;

type Call = keyof typeof prototypes;

/** `call` throws a `CudaError` when the driver refuses; `code` returns what it said. */
export type Driver = {
  call: (name: Call, ...parameters: unknown[]) => void;
  code: (name: Call, ...parameters: unknown[]) => number;
  /** A call that writes one handle or address. */
  made: (name: Call, ...parameters: unknown[]) => bigint;
  addressOf: (memory: ArrayBufferView) => bigint;
};

export const NOT_READY = 600;
const NO_DEVICE = 100;

export class CudaError extends Error {
  override readonly name = 'CudaError';
  readonly code: number;
  constructor(call: string, code: number, name: string) {
    super(`the NVIDIA driver refused ${call}: ${name} (${code})`);
    this.code = code;
  }
}

/** Undefined where there is no driver, or no device for it. */
export async function openDriver(path: string): Promise<Driver | undefined> {
  const koffi = await import('koffi').catch(() => undefined);
  if (koffi === undefined) return undefined;
  let library;
  try {
    library = koffi.load(path);
  } catch {
    return undefined;
  }
  const functions = new Map(Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)]));
  const code: Driver['code'] = (name, ...parameters) => functions.get(name)!(...parameters) as number;
  const call: Driver['call'] = (name, ...parameters) => {
    const result = code(name, ...parameters);
    if (result !== 0) throw new CudaError(name, result, nameOf(result));
  };
  const nameOf = (result: number): string => {
    const at = new BigUint64Array(1);
    if (code('cuGetErrorName', result, at) !== 0 || at[0] === 0n) return 'unknown error';
    return koffi.decode(at[0]!, 'char', -1) as string;
  };
  const initialised = code('cuInit', 0);
  if (initialised === NO_DEVICE) return undefined;
  if (initialised !== 0) throw new CudaError('cuInit', initialised, nameOf(initialised));
  return {
    call,
    code,
    made: (name, ...parameters) => {
      const at = new BigUint64Array(1);
      call(name, at, ...parameters);
      return at[0]!;
    },
    addressOf: (memory) => koffi.address(memory),
  };
}
