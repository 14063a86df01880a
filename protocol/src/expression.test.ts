import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allFieldSpellings, expressionFields } from './expression-fields.ts';
import { matches, parseExpression, parseSort } from './expression.ts';
import { CoopError } from './problem.ts';
import type { Offer } from './resources.ts';

const offer: Offer = {
  id: 'off_1',
  machine_id: 'mch_1',
  class: 'l4',
  vendor: 'nvidia',
  architecture: 'amd64',
  units_total: 4,
  units_free: 2,
  min_units: 1,
  max_units: 4,
  unit_cpus: 7.5,
  unit_memory_mib: 32_768,
  disk_free_mib: 512_000,
  device_memory_mib: 23_034,
  price_per_unit_hour: { micros: 450_001, usd: '0.450001' },
  min_duration_s: 60,
  max_duration_s: 259_200,
  isolation: 'container',
  disk_limit: 'watched',
  network: 'internet',
  region: 'eu-north',
  driver: '535.129.03',
  cpu_model: 'AMD EPYC 7B13 64-Core Processor',
  engine: 'docker 27.1',
  reliability_ppm: 985_000,
  verified: false,
  presence: 'online',
  availability: 'rented',
  available_from: null,
  last_seen_at: null,
  cached_images: [],
};
const other: Offer = {
  ...offer,
  id: 'off_2',
  class: 'a100-sxm-80gb',
  device_memory_mib: 81_920,
  price_per_unit_hour: { micros: 1_200_000, usd: '1.20' },
  driver: null,
};

describe('what a condition means', () => {
  test.each([
    ['', true],
    ['gpu=l4', true],
    ['gpu not in [A100, H100]', true],
    ['gpu not in [A100, l4]', false],
    ['driver>535.128.99', true],
    ['driver<535.130', true],
    ['driver>=535.129.3', true],
    ['driver<=535.129', false],
    ['driver<536', true],
    ['isolation>=none', true],
    ['isolation>=sandbox', false],
    ['isolation=container', true],
    ['arch=x64', true],
    ['arch=aarch64', false],
    ['verified=0', true],
    ['verified=no', true],
    ['verified=1', false],
    ['reliability<=1', true],
    ['price>0.45', true],
    ['price<=0.45', false],
    ['region="eu-north"', true],
    ['gpu=L4 price<0.5', true],
    ['gpu_name=NVIDIA_L4', true],
    ['gpu!=A100', true],
    ['gpu in [A100, l4]', true],
    ['class notin [A100,H100]', true],
    ['price<0.450001', false],
    ['price<=0.450001', true],
    ['price>=0.450002', false],
    ['dph_total<$0.46', true],
    ['vram>=24', true], // it is called a card of 24 GB, although the driver reports less
    ['gpu_ram>=24.000001', false],
    ['vram=24GB', true],
    ['total_vram>=96', true],
    ['num_gpus>=4', true],
    ['free>=3', false],
    ['cpus=30', true],
    ['cpu_ram>=128', true],
    ['disk>=500', true],
    ['disk>512000MB', false],
    ['reliability>=0.985', true],
    ['reliability2>98.5%', false],
    ['verified=false', true],
    ['verified = any', true],
    ['region=eu', true],
    ['region=EU_North', true],
    ['region=e', false],
    ['geolocation notin [us,cn]', true],
    ['isolation>=container', true],
    ['isolation>container', false],
    ['arch=x86_64', true],
    ['cpu=EPYC', true],
    ['cpu!="AMD EPYC"', false],
    ['duration>=3d', true],
    ['duration>72h', false],
    ['driver>=535.86', true], // by numbers, not by letters
    ['driver>535.129.3', false],
    ['engine=docker', true],
    ['machine=mch_1', true],
    ['rentable=true', false],
    ['rented=yes', true],
  ])('%s: %s', (text, expected) => {
    expect(matches(parseExpression(text), offer)).toBe(expected);
  });

  test('what an offer does not say is neither more nor less nor equal', () => {
    const results = ['driver>=1', 'driver<1', 'driver=1', 'driver!=1'].map((text) =>
      matches(parseExpression(text), other),
    );
    expect(results).toEqual([false, false, false, true]);
  });

  test('all conditions must hold', () => {
    expect(matches(parseExpression('gpu=l4 price<0.4'), offer)).toBe(false);
    expect(matches(parseExpression('gpu=l4\n\tprice<0.5'), offer)).toBe(true);
  });
});

describe('errors name the column and what is near', () => {
  test.each([
    ['prise<1', 'column 1', 'did you mean price?'],
    ['gpu=l4 relibility>0.9', 'column 8', 'did you mean reliability?'],
    ['gpu=rtx4900', 'column 5', 'rtx-4090'],
    ['price 5', 'column 7', 'one of <'],
    ['price', 'column 6', 'one of <'],
    ['price<', 'column 7', 'price<0.5'],
    ['price<cheap', 'column 7', '0.45'],
    ['price<0.0000001', 'column 7', 'six decimals'],
    ['reliability>98', 'column 13', '98%'],
    ['duration>=3', 'column 11', '3d'],
    ['region<eu', 'column 8', 'region=value'],
    ['gpu=[a100,l4]', 'column 5', 'gpu in [a,b]'],
    ['gpu in [a100', 'column 13', 'gpu in ['],
    ['gpu in []', 'column 9', 'gpu in ['],
    ['region="eu', 'column 8', 'close it'],
    ['price<1 and gpu=l4', 'column 9', 'side by side'],
    ['price<1 or gpu=l4', 'column 9', 'as a list'],
    ['price<1,gpu=l4', 'column 8', 'price<0.5'],
    ['verified=maybe', 'column 10', 'true or false'],
  ])('%s', (text, at, hint) => {
    const error = refused(() => parseExpression(text));
    expect(error.code).toBe('invalid_expression');
    expect(error.at).toBe(at);
    expect(error.hint).toContain(hint);
  });
});

describe('sorting', () => {
  const order = (text: string) => [offer, other].toSorted(parseSort(text)).map((each) => each.id);

  test('ours and Vast’s spelling', () => {
    expect(order('price')).toEqual(['off_1', 'off_2']);
    expect(order('-price')).toEqual(['off_2', 'off_1']);
    expect(order('dph-')).toEqual(['off_2', 'off_1']);
    expect(order('reliability,-vram')).toEqual(['off_2', 'off_1']);
  });

  test('equal offers keep one order', () => {
    expect(order('reliability')).toEqual(['off_1', 'off_2']);
    expect(order('-reliability')).toEqual(['off_1', 'off_2']);
  });

  test('an unknown field is named with the near one', () => {
    expect(refused(() => parseSort('price,-relibility'))).toMatchObject({
      at: 'column 7',
      hint: 'did you mean reliability?',
    });
  });

  test('is a total order on any offers', () => {
    const offers = fc.record({
      id: fc.string(),
      price: fc.integer({ min: 0, max: 3 }),
      driver: fc.constantFrom(null, '1.2', '1.10', '2'),
    });
    const make = (each: { id: string; price: number; driver: string | null }): Offer => ({
      ...offer,
      id: each.id,
      driver: each.driver,
      price_per_unit_hour: { micros: each.price, usd: '' },
    });
    const compare = parseSort('driver,-price');
    fc.assert(
      fc.property(offers, offers, offers, (a, b, c) => {
        const [x, y, z] = [make(a), make(b), make(c)];
        expect(compare(x, y) + compare(y, x)).toBe(0);
        if (compare(x, y) < 0 && compare(y, z) < 0) expect(compare(x, z)).toBeLessThan(0);
      }),
    );
  });
});

describe('any text at all', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      ...allFieldSpellings,
      '<',
      '<=',
      '=',
      '!=',
      ' in ',
      ' notin ',
      '[',
      ']',
      ',',
      '"',
      "'",
      ' ',
      'any',
      '0.5',
      'l4',
      '24GB',
      '3d',
    ),
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  );

  test('is an expression or an error that a person can act on', () => {
    fc.assert(
      fc.property(text, (input) => {
        try {
          matches(parseExpression(input), offer);
        } catch (error) {
          expect(error).toBeInstanceOf(CoopError);
          expect(error).toMatchObject({ code: 'invalid_expression', hint: expect.any(String) });
        }
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          [offer, other].toSorted(parseSort(input));
        } catch (error) {
          expect(error).toBeInstanceOf(CoopError);
        }
      }),
    );
  });

  test('is read once: three times the text costs three times the reads', () => {
    for (const unit of ['gpu=l4 ', 'gpu in [l4] ', ' ', 'a', '[', 'price<1 ']) {
      const [short, long] = [readsOf(unit.repeat(50)), readsOf(unit.repeat(150))];
      expect(short, unit).toBeGreaterThan(0);
      expect(long, unit).toBeLessThanOrEqual(3 * short + 100);
    }
  });

  test('too long is refused before it is read', () => {
    expect(refused(() => parseExpression('a'.repeat(100_000)))).toMatchObject({ hint: 'shorten it' });
    expect(refused(() => parseSort('price,'.repeat(10_000)))).toMatchObject({ hint: 'shorten it' });
  });
});

test('no spelling names two fields', () => {
  const spellings = Object.entries(expressionFields).flatMap(([name, field]) => [name, ...field.aliases]);
  expect(new Set(spellings).size).toBe(spellings.length);
});

/** How often a character of the text is looked at. */
function readsOf(text: string): number {
  let reads = 0;
  const counted: unknown = new Proxy(new String(text), {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(text) : value;
    },
  });
  try {
    parseExpression(counted as string);
  } catch (error) {
    expect(error).toBeInstanceOf(CoopError);
  }
  return reads;
}

function refused(act: () => unknown): CoopError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(CoopError);
    return error as CoopError;
  }
  throw new Error('nothing was refused');
}
