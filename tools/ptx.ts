import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cudaSources, nvccVersion, ptxOf, ptxTargets } from '../test/support/ptx.ts';

/**
 * The kernels of `proof/cuda` as PTX text in TypeScript modules. Each names the hash of its sources, so that whoever has no compiler can
 * see whether it is fresh; only to write it anew takes nvcc.
 */
export function ptxModules(): [path: string, text: string][] {
  const hash = hashOfSources();
  return ptxTargets.map((target) => {
    const path = `proof/src/provers/cuda/ptx/${target.file}.ts`;
    const written = readOrEmpty(join(import.meta.dirname, '..', path));
    return [path, written.includes(hash) ? written : moduleText(target, hash)];
  });
}

function moduleText(target: (typeof ptxTargets)[number], hash: string): string {
  const version = nvccVersion();
  if (version === undefined)
    throw new Error('the kernels in proof/cuda have changed, and there is no nvcc to compile them');
  return [
    `// Generated from proof/cuda/${target.file}.cu by \`npm run generate\` with nvcc ${version}. Do not edit.`,
    `// Sources: ${hash}`,
    '',
    `export const ${target.name} = \`${ptxOf(target)}\n\`;`,
    '',
  ].join('\n');
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(cudaSources).toSorted()) {
    if (/\.cuh?$/.test(file)) hash.update(`${file}\n`).update(readFileSync(join(cudaSources, file)));
  }
  return hash.digest('hex');
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
