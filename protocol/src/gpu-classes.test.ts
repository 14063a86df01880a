import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gpuClasses } from './gpu-class-table.ts';
import { classOf, findClasses, gpuClass, nominalMemoryMib } from './gpu-classes.ts';

describe('the class of a card', () => {
  test.each([
    ['NVIDIA GeForce RTX 4090', 24_564, 'rtx-4090'],
    ['NVIDIA GeForce RTX 3080', 10_240, 'rtx-3080-10gb'],
    ['NVIDIA GeForce RTX 3080', 12_288, 'rtx-3080-12gb'],
    ['NVIDIA GeForce GTX 1080 Ti', 11_264, 'gtx-1080-ti'],
    ['NVIDIA A100-SXM4-40GB', 40_960, 'a100-sxm-40gb'],
    ['NVIDIA A100-SXM4-80GB', 81_920, 'a100-sxm-80gb'],
    ['NVIDIA A100 80GB PCIe', 81_920, 'a100-pcie-80gb'],
    ['NVIDIA A100-PCIE-40GB', 40_960, 'a100-pcie-40gb'],
    ['NVIDIA H100 80GB HBM3', 81_559, 'h100-sxm-80gb'],
    ['NVIDIA H100 PCIe', 81_559, 'h100-pcie-80gb'],
    ['NVIDIA H100 NVL', 95_830, 'h100-nvl-94gb'],
    ['NVIDIA H200', 143_771, 'h200-sxm-141gb'],
    ['NVIDIA H200 NVL', 143_771, 'h200-nvl-141gb'],
    ['NVIDIA B200', 183_359, 'b200-sxm-180gb'],
    ['NVIDIA L4', 23_034, 'l4'],
    ['NVIDIA L40S', 46_068, 'l40s'],
    ['Tesla T4', 15_360, 't4'],
    ['Tesla V100-SXM2-16GB', 16_160, 'v100-sxm-16gb'],
    ['NVIDIA RTX A6000', 49_140, 'rtx-a6000'],
    ['NVIDIA RTX 6000 Ada Generation', 49_140, 'rtx-6000-ada'],
    ['NVIDIA RTX PRO 6000 Blackwell Server Edition', 97_887, 'rtx-pro-6000-server'],
    ['NVIDIA GH200 480GB', 97_871, 'gh200-96gb'],
    ['AMD Instinct MI300X OAM', 196_592, 'mi300x'],
    ['Intel(R) Arc(TM) A770 Graphics', 16_288, 'arc-a770'],
  ])('%s with %i MiB is %s', (name, mib, slug) => {
    expect(classOf(name, mib)).toBe(slug);
  });

  test('a known name with other memory is another card, and is not lost', () => {
    expect(classOf('NVIDIA GeForce RTX 4090', 49_140)).toBe('rtx-4090-48gb');
    expect(classOf('NVIDIA GeForce RTX 2080 Ti', 22_528)).toBe('rtx-2080-ti-22gb');
    expect(classOf('NVIDIA L40S', 24_576)).toBe('l40s-24gb');
    expect(classOf('NVIDIA GeForce RTX 4090 Laptop GPU', 16_376)).toBe('rtx-4090-laptop-16gb');
    expect(classOf('NVIDIA A100-SXM4-80GB MIG 1g.10gb', 9_728)).not.toBe('a100-sxm-80gb');
  });

  test('where the name leaves the form open, the PCI id decides', () => {
    expect(classOf('NVIDIA H100', 81_559)).toBe('h100-80gb');
    expect(classOf('NVIDIA H100', 81_559, '0x233010DE')).toBe('h100-sxm-80gb');
    expect(classOf('NVIDIA H100', 81_559, '2331')).toBe('h100-pcie-80gb');
    expect(classOf('NVIDIA Graphics Device', 81_559, '0x2330')).toBe('h100-sxm-80gb');
  });

  test('any card gets a slug, always the same, which can be asked for', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 400_000 }), (name, mib) => {
        const slug = classOf(name, mib);
        expect(slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
        expect(slug.length).toBeLessThanOrEqual(48);
        expect(classOf(name, mib)).toBe(slug);
      }),
    );
  });
});

describe('what a person means', () => {
  test('every slug means itself, and every driver name means its class', () => {
    for (const row of gpuClasses) {
      expect(findClasses(row.slug)).toEqual({ found: true, classes: [row.slug] });
      for (const name of row.driverNames) {
        if (row.vendor !== 'cpu') expect(classOf(name, row.memoryGib * 1024), name).toBe(row.slug);
      }
    }
  });

  test.each([
    'RTX_4090',
    'NVIDIA GeForce RTX 4090',
    'RTX4090',
    'NVIDIA-GeForce-RTX-4090',
    '4090',
    'rtx 4090',
    'RTX4090:24GB',
  ])('%s is the RTX 4090', (text) => {
    expect(findClasses(text)).toEqual({ found: true, classes: ['rtx-4090'] });
  });

  test.each([
    ['A100', ['a100-sxm-40gb', 'a100-sxm-80gb', 'a100-pcie-40gb', 'a100-pcie-80gb']],
    ['A100:80GB', ['a100-sxm-80gb', 'a100-pcie-80gb']],
    ['A100_80G', ['a100-sxm-80gb', 'a100-pcie-80gb']],
    ['A100-80GB-SXM', ['a100-sxm-80gb']],
    ['A100_SXM4', ['a100-sxm-40gb', 'a100-sxm-80gb']],
    ['H100', ['h100-sxm-80gb', 'h100-pcie-80gb', 'h100-nvl-94gb']],
    ['H100_NVL', ['h100-nvl-94gb']],
    ['V100-32GB', ['v100-sxm-32gb', 'v100-pcie-32gb']],
    ['RTX_4070S_Ti', ['rtx-4070-ti-super']],
    ['RTX_6000Ada', ['rtx-6000-ada']],
    ['A10', ['a10']],
    ['cpu', ['cpu']],
  ])('%s is %j', (text, classes) => {
    expect(findClasses(text)).toEqual({ found: true, classes });
  });

  test('a typing error is not a card, and the near ones are named', () => {
    expect(findClasses('RTX4900')).toMatchObject({ found: false, suggestions: expect.arrayContaining(['rtx-4090']) });
    expect(findClasses('h100-smx-80gb')).toMatchObject({
      found: false,
      suggestions: expect.arrayContaining(['h100-sxm-80gb']),
    });
    expect(findClasses('')).toEqual({ found: false, suggestions: [] });
  });

  test('the slug of a card without a row can be asked for', () => {
    expect(findClasses('rtx-4090-48gb')).toEqual({ found: true, classes: ['rtx-4090-48gb'] });
    expect(findClasses(classOf('NVIDIA GeForce RTX 3080', 20_480))).toEqual({
      found: true,
      classes: ['rtx-3080-20gb'],
    });
  });
});

test('memory is what the card is called by, not what the driver has left', () => {
  expect(nominalMemoryMib('l4', 23_034)).toBe(24 * 1024);
  expect(nominalMemoryMib('rtx-4090-48gb', 49_140)).toBe(48 * 1024);
  expect(nominalMemoryMib('something', 1000)).toBe(1000);
});

test('the table has each slug once, and each slug with a size says its own', () => {
  expect(new Set(gpuClasses.map((row) => row.slug)).size).toBe(gpuClasses.length);
  for (const { slug, memoryGib } of gpuClasses) {
    const size = /-(\d+)gb$/.exec(slug);
    if (size) expect(Number(size[1]), slug).toBe(memoryGib);
  }
  expect(gpuClass('a100-sxm-80gb')?.memoryGib).toBe(80);
});
