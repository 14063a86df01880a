import { describe, expect, test } from 'vitest';
import {
  holdTransitions,
  leaseTransitions,
  listingTransitions,
  mayMove,
  presenceTransitions,
  quoteTransitions,
  runTransitions,
} from './states.ts';

describe.each([
  ['a lease', leaseTransitions, ['ended']],
  ['a run', runTransitions, ['ended']],
  ['a listing', listingTransitions, ['removed']],
  ['a presence', presenceTransitions, []],
  ['a hold', holdTransitions, ['posted', 'released']],
  ['a quote', quoteTransitions, ['accepted', 'expired']],
] as const)('%s', (_, transitions, last) => {
  const table: Record<string, readonly string[]> = transitions;
  const from = (state: string, seen = new Set<string>()): Set<string> => {
    if (!seen.has(state)) for (const next of table[seen.add(state) && state]!) from(next, seen);
    return seen;
  };

  test('moves only to states that there are, and never lists staying', () => {
    for (const [state, nexts] of Object.entries(table)) {
      for (const next of nexts) expect(Object.keys(table)).toContain(next);
      expect(nexts).not.toContain(state);
    }
  });

  test('begins where every state can be reached, and ends only where it should', () => {
    expect([...from(Object.keys(table)[0]!)].toSorted()).toEqual(Object.keys(table).toSorted());
    expect(Object.keys(table).filter((state) => table[state]!.length === 0)).toEqual(last);
  });
});

test('a lease that stops only ends, and one that has ended stays so', () => {
  const states = Object.keys(leaseTransitions) as (keyof typeof leaseTransitions)[];
  const after = (from: (typeof states)[number]) => states.filter((to) => mayMove(leaseTransitions, from, to));
  expect(after('stopping')).toEqual(['stopping', 'ended']);
  expect(after('ended')).toEqual(['ended']);
  expect(after('running')).toEqual(['running', 'unknown', 'stopping', 'ended']);
  expect(after('reserved')).toEqual(['reserved', 'preparing', 'stopping', 'ended']);
});
