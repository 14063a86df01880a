import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleSupply } from './sample-supply.ts';
import { createShelves } from './shelves.ts';
import type { Supply } from './supply.ts';

const change = fc.record({
  id: fc.integer({ min: 1, max: 6 }).map((n) => `off_${n}`),
  class: fc.constantFrom('rtx-4090', 'cpu', null),
  price: fc.bigInt({ min: 0n, max: 9n }),
});

test('whatever comes, changes its price or its class and goes, each class has its offers, cheapest first', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const shelves = createShelves();
      const expected = new Map<string, Supply>();
      for (const { id, class: name, price } of changes) {
        if (name === null) {
          shelves.remove(id);
          expected.delete(id);
        } else {
          const supply = sampleSupply({ id, class: name, price_micros_per_unit_hour: price });
          shelves.put(supply);
          expected.set(id, supply);
        }
        const offers = [...expected.values()];
        expect(new Set(shelves.all())).toEqual(new Set(offers));
        expect(new Set(shelves.classes())).toEqual(new Set(offers.map((offer) => offer.class)));
        for (const wanted of ['rtx-4090', 'cpu']) {
          const found = shelves.ofClass(wanted);
          expect(new Set(found)).toEqual(new Set(offers.filter((offer) => offer.class === wanted)));
          const prices = found.map((offer) => Number(offer.price_micros_per_unit_hour));
          expect(prices).toEqual(prices.toSorted((a, b) => a - b));
        }
      }
    }),
  );
});
