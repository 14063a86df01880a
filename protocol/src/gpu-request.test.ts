import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gpuClasses } from './gpu-class-table.ts';
import { gpuRequestFrom, parseGpuRequest, printGpuRequest } from './gpu-request.ts';
import { CoopError } from './problem.ts';
import { GpuRequest } from './spec.ts';

const GB = 1024;
const anything = { vendor: null, classes: [], memory_mib: { min: 0, max: null }, count: { min: 1, max: 1 } };

describe('the GPU grammar', () => {
  test.each([
    ['24GB..', { memory_mib: { min: 24 * GB, max: null } }],
    [
      'A100:80GB:2',
      {
        classes: ['a100-sxm-80gb', 'a100-pcie-80gb'],
        memory_mib: { min: 80 * GB, max: 80 * GB },
        count: { min: 2, max: 2 },
      },
    ],
    ['H100:8', { classes: ['h100-sxm-80gb', 'h100-pcie-80gb', 'h100-nvl-94gb'], count: { min: 8, max: 8 } }],
    ['amd:2', { vendor: 'amd', count: { min: 2, max: 2 } }],
    ['A10G,L4', { classes: ['a10g', 'l4'] }],
    ['40GB..80GB:4', { memory_mib: { min: 40 * GB, max: 80 * GB }, count: { min: 4, max: 4 } }],
    ['2', { count: { min: 2, max: 2 } }],
    ['..8', { count: { min: 1, max: 8 } }],
    [
      'nvidia:RTX4090:24GB..:1..4',
      { vendor: 'nvidia', classes: ['rtx-4090'], memory_mib: { min: 24 * GB, max: null }, count: { min: 1, max: 4 } },
    ],
  ])('%s', (text, expected) => {
    expect(parseGpuRequest(text)).toEqual({ ...anything, ...expected });
  });

  test('no device at all is no request', () => {
    expect(parseGpuRequest('0')).toBeNull();
    expect(gpuRequestFrom({ count: '0' })).toBeNull();
  });

  test('the object form says the same', () => {
    expect(gpuRequestFrom({ name: ['A100'], memory: '80GB', count: '2' })).toEqual(parseGpuRequest('A100:80GB:2'));
    expect(gpuRequestFrom({ vendor: 'amd' })).toEqual(parseGpuRequest('amd'));
  });
});

describe('errors name the part and what is near', () => {
  test.each([
    ['RTX4900', 'name', /rtx-4090/],
    ['nvida:2', 'name', /nvidia/],
    ['google:v5', 'vendor', /nvidia, amd, intel/],
    ['nvidia:MI300X', 'vendor', /leave the vendor out/],
    ['A100:24GB', 'memory', /40GB or 80GB/],
    ['24GB:48GB', 'memory', /once/],
    ['80GB..24GB', 'memory', /24GB\.\./],
    ['2:1.5', 'count', /once/],
    ['1.5', 'count', /2\.\.8/],
    ['4090', 'count', /rtx-4090/],
    ['cpu', 'name', /leave gpu out/],
    ['A100::2', undefined, /one colon/],
    ['', undefined, /24GB\.\./],
  ])('%j: %s', (text, part, hint) => {
    const error = errorOf(() => parseGpuRequest(text));
    expect(error.code).toBe('invalid_spec');
    expect(error.at).toBe(part);
    expect(error.hint).toMatch(hint);
  });
});

describe('properties', () => {
  const memory = fc.integer({ min: 0, max: 200 }).map((gb) => gb * GB);
  const range = (value: fc.Arbitrary<number>) =>
    fc
      .tuple(value, fc.option(value))
      .map(([a, b]) => (b === null ? { min: a, max: null } : { min: Math.min(a, b), max: Math.max(a, b) }));
  const request = fc.record({
    vendor: fc.constantFrom(null, 'nvidia' as const, 'amd' as const, 'intel' as const),
    classes: fc.constant<string[]>([]),
    memory_mib: range(memory),
    count: range(fc.integer({ min: 1, max: 1024 })),
  });
  const slugs = gpuClasses.filter((row) => row.vendor !== 'cpu').map((row) => row.slug);
  const named = fc.record({
    vendor: fc.constant(null),
    classes: fc.uniqueArray(fc.constantFrom(...slugs), { minLength: 1, maxLength: 32 }),
    memory_mib: fc.constant({ min: 0, max: null }),
    count: range(fc.integer({ min: 1, max: 1024 })),
  });

  test('what is printed is read back', () => {
    fc.assert(
      fc.property(fc.oneof(request, named), (value) => {
        const text = printGpuRequest(GpuRequest.parse(value));
        expect(parseGpuRequest(text)).toEqual(value);
      }),
    );
  });

  test('any text gives a request or an error that a person can act on', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('A100', '80GB', '..', '2', 'amd', ',', ':'));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join(':');
        try {
          const parsed = parseGpuRequest(text);
          if (parsed !== null) expect(parseGpuRequest(printGpuRequest(parsed))).toEqual(parsed);
        } catch (error) {
          expect(error).toBeInstanceOf(CoopError);
        }
      }),
    );
  });
});

function errorOf(act: () => unknown): CoopError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(CoopError);
    return error as CoopError;
  }
  throw new Error('nothing was refused');
}
