import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { nvccVersion, ptxOf, ptxTargets } from '../../../../test/support/ptx.ts';
import { modulesFor } from './modules.ts';

test('cards get the texts for their capability, and one that is too old is told so', () => {
  expect(modulesFor(75).texts).not.toEqual(modulesFor(80).texts);
  expect(modulesFor(120)).toEqual(modulesFor(80));
  expect(() => modulesFor(70)).toThrow('compute capability 7 is older than 7.5');
});

describeNeeding(['nvcc'], 'the PTX that is shipped', () => {
  test.each([75, 80, 86, 89, 90, 100, 120])('assembles for sm_%i, with everything in registers', (capability) => {
    for (const text of modulesFor(capability).texts) {
      const args = [`-arch=sm_${capability}`, '-v', '-', '-o', '/dev/null'];
      const { status, stderr } = spawnSync('ptxas', args, { input: text, encoding: 'utf8' });
      expect({ status, stderr }).toMatchObject({ status: 0 });
      expect(stderr.match(/[1-9]\d* bytes (?:stack frame|spill)/g)).toBeNull();
    }
  });

  test('is what this compiler makes of the sources, where it is the one that made it', () => {
    for (const { file, architecture } of ptxTargets) {
      const written = readFileSync(join(import.meta.dirname, `ptx/${file}.ts`), 'utf8');
      if (written.includes(`nvcc ${nvccVersion()}`)) expect(written).toContain(ptxOf(file, architecture));
    }
  });
});
