import type { Supply } from './supply.ts';

/** Offers by id, and of each class in the order of their asking price, so that looking for the cheapest looks at few. */
export type Shelves = {
  put(supply: Supply): void;
  remove(offerId: string): void;
  all(): Iterable<Supply>;
  byId(offerId: string): Supply | undefined;
  classes(): Iterable<string>;
  /** Cheapest unit first. */
  ofClass(name: string): readonly Supply[];
};

export function createShelves(supplies: Iterable<Supply> = []): Shelves {
  const offers = new Map<string, Supply>();
  /** Sorted when somebody asks after a change: changes come many at a time. */
  const sorted = new Map<string, Supply[]>();
  const members = new Map<string, Set<string>>();

  const shelves: Shelves = {
    put(supply) {
      shelves.remove(supply.id);
      offers.set(supply.id, supply);
      const ids = members.get(supply.class) ?? new Set();
      members.set(supply.class, ids.add(supply.id));
      sorted.delete(supply.class);
    },
    remove(offerId) {
      const before = offers.get(offerId);
      if (before === undefined) return;
      offers.delete(offerId);
      sorted.delete(before.class);
      const ids = members.get(before.class)!;
      ids.delete(offerId);
      if (ids.size === 0) members.delete(before.class);
    },
    all: () => offers.values(),
    byId: (offerId) => offers.get(offerId),
    classes: () => members.keys(),
    ofClass(name) {
      const known = sorted.get(name);
      if (known !== undefined) return known;
      const made = [...(members.get(name) ?? [])].map((id) => offers.get(id)!).sort(byUnitPrice);
      sorted.set(name, made);
      return made;
    },
  };
  for (const supply of supplies) shelves.put(supply);
  return shelves;
}

function byUnitPrice(a: Supply, b: Supply): number {
  return a.price_micros_per_unit_hour < b.price_micros_per_unit_hour
    ? -1
    : a.price_micros_per_unit_hour > b.price_micros_per_unit_hour
      ? 1
      : 0;
}
