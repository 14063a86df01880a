import { expect, test } from 'vitest';
import type { Prover, ProverDevice } from '../prover.ts';
import { choose } from './choose.ts';

const GIB = 2 ** 30;
const anything = {
  device: 'cpu',
  n: undefined,
  memoryBytes: undefined,
  threads: undefined,
  software: false,
  ocspFiles: [],
  json: false,
};

/** A kind with devices that are never filled. */
function kind(name: Prover['kind'], ...devices: Partial<ProverDevice>[]): Prover {
  const whole = devices.map((device) => ({ id: name, name, totalBytes: 24 * GIB, freeBytes: 20 * GIB, ...device }));
  return {
    kind: name,
    devices: () => Promise.resolve(whole),
    memoryBytes: (n, slabs) => n * n * slabs,
    begin: () => Promise.reject(new Error('nothing is filled here')),
  };
}
const cards = kind('cuda', { id: 'GPU-a' }, { id: 'GPU-b', freeBytes: 10 * GIB });
const webgpu = kind('webgpu', { id: 'webgpu-0', freeBytes: Infinity, totalBytes: Infinity });
const all = [kind('cpu', {}), cards, webgpu];

test('the processor gets a little, a card what a checker would fill', async () => {
  expect(await choose(anything, all)).toMatchObject([{ device: { id: 'cpu' }, n: 1024, memoryBytes: 2 ** 28 }]);
  expect(await choose({ ...anything, device: 'GPU-b' }, all)).toMatchObject([
    { device: { id: 'GPU-b' }, n: 4096, memoryBytes: Math.floor(0.92 * 10 * GIB) },
  ]);
});

test('all GPUs are the cards of CUDA, and those of WebGPU where there is none', async () => {
  const ids = async (provers: Prover[]) =>
    (await choose({ ...anything, device: 'gpus' }, provers)).map(({ device }) => device.id);
  expect(await ids(all)).toEqual(['GPU-a', 'GPU-b']);
  expect(await ids([kind('cpu', {}), webgpu])).toEqual(['webgpu-0']);
  await expect(ids([kind('cpu', {})])).rejects.toThrow('no GPU');
});

test('a device that is not there is answered with those that are', async () => {
  await expect(choose({ ...anything, device: 'GPU-c' }, all)).rejects.toThrow('there is cpu, GPU-a, GPU-b, webgpu-0');
});

test('more than is free is refused, and what nobody knows is tried', async () => {
  await expect(choose({ ...anything, device: 'GPU-b', memoryBytes: 11 * GIB }, all)).rejects.toThrow(
    'only 10240 MiB free',
  );
  const tried = await choose({ ...anything, device: 'webgpu-0', memoryBytes: 1000 * GIB }, all);
  expect(tried).toMatchObject([{ memoryBytes: 1000 * GIB, n: 1024 }]);
});
