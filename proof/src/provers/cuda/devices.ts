import type { ProverDevice } from '../../prover.ts';
import type { Driver } from './driver.ts';

/** A card as the driver lists it. */
export type CudaDevice = Pick<ProverDevice, 'id' | 'name'> & {
  ordinal: number;
  /** Compute capability, 90 for 9.0. */
  capability: number;
};

export function cudaDevices(driver: Driver): CudaDevice[] {
  const count = int32(driver, 'cuDeviceGetCount');
  return Array.from({ length: count }, (_, ordinal) => deviceAt(driver, int32(driver, 'cuDeviceGet', ordinal)));
}

function deviceAt(driver: Driver, ordinal: number): CudaDevice {
  const name = Buffer.alloc(256);
  driver.call('cuDeviceGetName', name, name.length, ordinal);
  const uuid = Buffer.alloc(16);
  driver.call('cuDeviceGetUuid', uuid, ordinal);
  const attribute = (number: number): number => int32(driver, 'cuDeviceGetAttribute', number, ordinal);
  return {
    id: `GPU-${uuid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`,
    name: name.toString('latin1', 0, name.indexOf(0)),
    ordinal,
    capability: 10 * attribute(MAJOR) + attribute(MINOR),
  };
}

/** CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR. */
const MAJOR = 75;
const MINOR = 76;

/** Part of a card (MIG) has a UUID of its own, which other tools give another prefix. */
export function isNamed({ id }: CudaDevice, uuid: string): boolean {
  return id === uuid.replace(/^MIG-/, 'GPU-');
}

/** Only a context knows what is free, and to make one takes a while. Nothing, of a card that does not let itself be opened. */
export function memoryOf(driver: Driver, { ordinal }: CudaDevice): Pick<ProverDevice, 'totalBytes' | 'freeBytes'> {
  const context = new BigUint64Array(1);
  if (driver.code('cuDevicePrimaryCtxRetain', context, ordinal) !== 0) return { totalBytes: 0, freeBytes: 0 };
  try {
    driver.call('cuCtxSetCurrent', context[0]);
    const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)];
    driver.call('cuMemGetInfo', free, total);
    return { totalBytes: Number(total[0]!), freeBytes: Number(free[0]!) };
  } finally {
    driver.call('cuDevicePrimaryCtxRelease', ordinal);
  }
}

function int32(
  driver: Driver,
  name: 'cuDeviceGetCount' | 'cuDeviceGet' | 'cuDeviceGetAttribute',
  ...rest: number[]
): number {
  const at = new Int32Array(1);
  driver.call(name, at, ...rest);
  return at[0]!;
}
