import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What nvcc makes of `proof/cuda`: for the tool that writes the shipped texts, and for the test that holds them against it. */

export const cudaSources = join(import.meta.dirname, '../../proof/cuda');
/** `version` of the PTX language: of CUDA 11.0, the first with all that these kernels use, and for Hopper of CUDA 12.0. */
export const ptxTargets = [
  { file: 'kernels', name: 'kernels', architecture: 'compute_75', version: '7.0' },
  { file: 'product-dp4a', name: 'productDp4a', architecture: 'compute_75', version: '7.0' },
  { file: 'product-tensor', name: 'productTensor', architecture: 'compute_80', version: '7.0' },
  { file: 'product-wgmma', name: 'productWgmma', architecture: 'compute_90a', version: '8.0' },
];

/** PTX as the driver gets it: the text says which version of the language it is in, and older drivers refuse what is new to them. */
export function ptxOf({ file, architecture, version }: (typeof ptxTargets)[number]): string {
  const directory = mkdtempSync(join(tmpdir(), 'coop-ptx-'));
  const out = join(directory, `${file}.ptx`);
  const options = ['-ptx', '-O3', '-std=c++17', `-arch=${architecture}`];
  execFileSync('nvcc', [...options, join(cudaSources, `${file}.cu`), '-o', out], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const text = readFileSync(out, 'utf8');
  rmSync(directory, { recursive: true });
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('//'))
    .join('\n')
    .replace(/^\.version .*$/m, `.version ${version}`);
}

export function nvccVersion(): string | undefined {
  const { stdout } = spawnSync('nvcc', ['--version'], { encoding: 'utf8' });
  return /V(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
}
