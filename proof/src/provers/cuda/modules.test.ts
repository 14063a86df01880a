import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { nvccVersion, ptxOf, ptxTargets } from '../../../../test/support/ptx.ts';
import { kernels, productsFor } from './modules.ts';

test('cards get the kernels that they understand, the fastest first, and one that is too old is told so', () => {
  const namesFor = (capability: number): string[] => productsFor(capability).map(({ name }) => name);
  expect(namesFor(75)).toEqual(['dp4a']);
  expect(namesFor(80)).toEqual(['mma', 'dp4a']);
  expect(namesFor(90)).toEqual(['wgmma', 'mma', 'dp4a']);
  expect(namesFor(120)).toEqual(namesFor(80));
  expect(() => productsFor(70)).toThrow('compute capability 7 is older than 7.5');
});

describeNeeding(['nvcc'], 'the PTX that is shipped', () => {
  test.each([75, 80, 86, 89, 90, 100, 120])('assembles for sm_%i, with everything in registers', (capability) => {
    for (const product of productsFor(capability)) {
      expect(assembled(kernels, `sm_${capability}`)).toMatchObject({ spills: 0 });
      const target = product.name === 'wgmma' ? 'sm_90a' : `sm_${capability}`;
      const { registers, spills, says } = assembled(product.text, target);
      expect(spills).toBe(0);
      // A block of `row_nodes` fits beside one of products: 256 threads with 64 registers are a quarter of a multiprocessor's.
      expect(registers).toBeLessThanOrEqual(192);
      // What ptxas warns of where it cannot leave products under way.
      expect(says).not.toContain('serialized');
    }
  });

  test('is what this compiler makes of the sources, where it is the one that made it', () => {
    for (const target of ptxTargets) {
      const written = readFileSync(join(import.meta.dirname, `ptx/${target.file}.ts`), 'utf8');
      if (written.includes(`nvcc ${nvccVersion()}`)) expect(written).toContain(ptxOf(target));
    }
  });
});

function assembled(text: string, target: string): { registers: number; spills: number; says: string } {
  const args = [`-arch=${target}`, '-v', '-', '-o', '/dev/null'];
  const { status, stderr } = spawnSync('ptxas', args, { input: text, encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const most = (pattern: RegExp): number =>
    Math.max(0, ...[...stderr.matchAll(pattern)].map(([, count]) => Number(count)));
  return {
    registers: most(/Used (\d+) registers/g),
    spills: most(/(\d+) bytes (?:stack frame|spill)/g),
    says: stderr,
  };
}
