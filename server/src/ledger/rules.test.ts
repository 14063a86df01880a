import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyStep, available, LARGEST, type Account, type Book, type Step, type Transfer } from './rules.ts';

const accounts: Account[] = [
  { id: 'credit', kind: 'credit', asset: 'usd', posted: 0n, held: 0n },
  { id: 'ada', kind: 'spending', asset: 'usd', posted: 0n, held: 0n },
  { id: 'bob', kind: 'earnings', asset: 'usd', posted: 0n, held: 0n },
  { id: 'fees', kind: 'fees', asset: 'usd', posted: 0n, held: 0n },
  { id: 'credit-token', kind: 'credit', asset: 'token', posted: 0n, held: 0n },
  { id: 'ada-token', kind: 'spending', asset: 'token', posted: 0n, held: 0n },
];
const empty: Book = {
  accounts: new Map(accounts.map((account) => [account.id, account])),
  transfers: new Map(),
  resolutions: new Map(),
};

/** Mostly small amounts, so that some are covered and some are not; and what no amount should be. */
const amount = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt({ min: 0n, max: 100n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -5n, max: -1n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: LARGEST - 50n, max: LARGEST + 50n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 2n ** 62n, max: 2n ** 65n }) },
);
/** Few ids, so that some come again with the same or with other content. */
const id = fc.integer({ min: 0, max: 40 }).map((n) => `t${n}`);
/** Fewer still, so that many steps meet at one hold. */
const holdId = fc.integer({ min: 0, max: 4 }).map((n) => `h${n}`);
const account = fc.constantFrom(...accounts.map((one) => one.id));
const asset = fc.constantFrom('usd' as const, 'usd' as const, 'usd' as const, 'token' as const);
const move = fc.record({ id, debit: account, credit: account, asset, amount, what: fc.constant('x') });
const step: fc.Arbitrary<Step> = fc.oneof(
  move.map((rest) => ({ ...rest, kind: 'transfer' as const })),
  fc.record({ id, amount }).map((grant) => ({
    ...grant,
    kind: 'transfer' as const,
    debit: 'credit',
    credit: 'ada',
    asset: 'usd' as const,
    what: 'x',
  })),
  fc.tuple(holdId, move).map(([name, rest]) => ({ ...rest, id: name, kind: 'hold' as const })),
  fc
    .record({ id: holdId, amount })
    .map((hold) => ({ ...hold, kind: 'hold' as const, debit: 'ada', credit: 'bob', asset: 'usd' as const, what: 'x' })),
  fc.record({ id, hold_id: holdId, amount }).map((rest) => ({ ...rest, kind: 'post' as const, what: 'x' })),
  fc.record({ id, hold_id: holdId }).map((rest) => ({ ...rest, kind: 'release' as const, what: 'x' })),
);

describe('the rules of the ledger', () => {
  test('hold for every sequence of steps, in whatever order (1 to 7, 9)', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let book = empty;
        for (const one of steps) book = attempt(book, one);
        assertInvariants(book);
      }),
      { numRuns: 1500 },
    );
  });

  test('a step that comes again changes nothing, however much has happened since (7)', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const taken: Step[] = [];
        let book = empty;
        for (const one of steps) {
          const next = attempt(book, one);
          if (next !== book) taken.push(one);
          book = next;
        }
        for (const one of taken) {
          const again = applyStep(book, one);
          expect(again.entry).toBeUndefined();
          expect(again.book).toBe(book);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a post gives the rest back at once (4)', () => {
    const held = applyStep(funded(100n), hold('h', 80n)).book;
    expect(available(held.accounts.get('ada')!)).toBe(20n);
    const posted = applyStep(held, { kind: 'post', id: 'p', hold_id: 'h', amount: 30n, what: 'x' }).book;
    expect(posted.accounts.get('ada')).toMatchObject({ posted: 70n, held: 0n });
    expect(posted.accounts.get('bob')).toMatchObject({ posted: 30n });
  });

  test('no more than was held can be posted (4)', () => {
    const held = applyStep(funded(100n), hold('h', 80n)).book;
    expect(() => applyStep(held, { kind: 'post', id: 'p', hold_id: 'h', amount: 81n, what: 'x' })).toThrow(
      'posts 81 of a hold of 80',
    );
  });

  test('all that is available may be held, and nothing may be too', () => {
    const held = applyStep(funded(100n), hold('h', 100n)).book;
    expect(available(held.accounts.get('ada')!)).toBe(0n);
    expect(applyStep(held, hold('none', 0n)).entry).toMatchObject({ amount: 0n });
  });

  test('only a hold is resolved, and for no less than nothing (4)', () => {
    const held = applyStep(funded(100n), hold('h', 80n)).book;
    for (const hold_id of ['g', 'of-nobody']) {
      for (const kind of ['post', 'release'] as const) {
        expect(() => applyStep(held, { kind, id: 'p', hold_id, amount: 1n, what: 'x' })).toThrow(
          expect.objectContaining({ code: 'not_found', message: `There is no hold ${hold_id}.` }),
        );
      }
    }
    expect(() => applyStep(held, { kind: 'post', id: 'p', hold_id: 'h', amount: -1n, what: 'x' })).toThrow(
      expect.objectContaining({ code: 'invalid_request', details: { amount: '-1' } }),
    );
    expect(applyStep(held, { kind: 'post', id: 'p', hold_id: 'h', amount: 0n, what: 'x' }).entry).toBeDefined();
  });

  test('an entry keeps the statement that it follows from', () => {
    const statement_hash = 'ab';
    const held = applyStep(funded(100n), { ...hold('h', 80n), statement_hash }).book;
    expect(held.transfers.get('h')).toMatchObject({ statement_hash });
    const release = { kind: 'release', id: 'r', hold_id: 'h', what: 'x' } as const;
    expect(applyStep(held, { ...release, statement_hash: 'cd' }).entry).toMatchObject({ statement_hash: 'cd' });
    expect(applyStep(held, release).entry).toMatchObject({ statement_hash: null });
  });

  test('a hold is resolved only for the lease it was placed for (4)', () => {
    const held = applyStep(funded(100n), { ...hold('h', 80n), lease_id: 'lse_1' }).book;
    const post = { kind: 'post', id: 'p', hold_id: 'h', amount: 1n, what: 'x' } as const;
    expect(() => applyStep(held, { ...post, lease_id: 'lse_2' })).toThrow('resolves a hold of lse_1 for lse_2');
    expect(applyStep(held, post).entry).toMatchObject({ lease_id: 'lse_1', run_id: 'run_1' });
  });

  test.each([
    ['post', 'posted'],
    ['release', 'released'],
  ] as const)('a hold that was resolved by a %s is resolved for ever (5)', (kind, resolvedHow) => {
    const held = applyStep(funded(100n), hold('h', 80n)).book;
    const resolved = applyStep(held, { kind, id: 'first', hold_id: 'h', amount: 80n, what: 'x' }).book;
    for (const again of ['post', 'release'] as const) {
      expect(() => applyStep(resolved, { kind: again, id: 'second', hold_id: 'h', amount: 1n, what: 'x' })).toThrow(
        expect.objectContaining({
          code: 'wrong_state',
          message: `The hold h was ${resolvedHow} before.`,
          details: { hold_id: 'h', resolved_by: 'first' },
        }),
      );
    }
  });

  test('spending what is held is refused, with the numbers and what to do (6)', () => {
    const held = applyStep(funded(1_000_000n), hold('h', 800_000n)).book;
    expect(() => applyStep(held, hold('more', 200_001n))).toThrow(
      expect.objectContaining({
        code: 'insufficient_credit',
        message: 'This needs $0.200001, and $0.20 is available.',
        hint: expect.stringContaining('$0.80 is held'),
        details: { asset: 'usd', needed_micros: 200_001, available_micros: 200_000, held_micros: 800_000 },
      }),
    );
  });

  test('where nothing is held the advice is another, and tokens are no dollars', () => {
    expect(() => applyStep(funded(1n), hold('h', 2n))).toThrow(
      expect.objectContaining({ code: 'insufficient_credit', hint: 'Add credit first.' }),
    );
    const tokens = { ...hold('h', 2n), debit: 'ada-token', credit: 'credit-token', asset: 'token' as const };
    expect(() => applyStep(empty, tokens)).toThrow('This needs 2 token, and 0 token is available.');
  });

  test('a transfer to no account says which', () => {
    expect(() => applyStep(funded(100n), { ...hold('h', 1n), credit: 'nobody' })).toThrow(
      expect.objectContaining({ code: 'not_found', message: 'There is no account nobody.' }),
    );
  });

  test.each([
    ['of another asset', { asset: 'token' as const }],
    ['to an account of another asset', { credit: 'ada-token' }],
    ['to the same account', { credit: 'ada' }],
    ['to no account', { credit: 'nobody' }],
    ['of less than nothing', { amount: -1n }],
    ['of more than is exact', { amount: LARGEST + 1n }],
  ])('a transfer %s is refused (2, 9)', (_, wrong) => {
    const right = {
      kind: 'transfer' as const,
      id: 't',
      debit: 'ada',
      credit: 'bob',
      asset: 'usd' as const,
      amount: 1n,
      what: 'x',
    };
    expect(() => applyStep(funded(100n), right)).not.toThrow();
    expect(() => applyStep(funded(100n), { ...right, ...wrong })).toThrow();
  });

  test('no balance grows past what is exact (9)', () => {
    const full = funded(LARGEST);
    const more = {
      kind: 'transfer' as const,
      id: 'g2',
      debit: 'credit',
      credit: 'ada',
      asset: 'usd' as const,
      amount: 1n,
      what: 'x',
    };
    const refusal = expect.objectContaining({
      message: expect.stringContaining('cannot be written exactly'),
      hint: `Amounts and balances are at most ${Number.MAX_SAFE_INTEGER} of the smallest unit.`,
    });
    expect(() => applyStep(full, more)).toThrow(refusal);
    // A hold moves no balance, and is exact all the same.
    expect(() => applyStep(empty, { ...hold('h', LARGEST + 1n), debit: 'credit' })).toThrow(refusal);
    // What is owed has an end as what is had.
    expect(() => applyStep(full, { ...more, credit: 'bob' })).toThrow(refusal);
    const richBob = { ...full, accounts: new Map(full.accounts).set('bob', { ...accounts[2]!, posted: LARGEST }) };
    expect(() => applyStep(richBob, { ...more, debit: 'ada', credit: 'bob' })).toThrow(refusal);
  });

  test.each([
    ['amount', { amount: 9n }],
    ['what', { what: 'y' }],
    ['run_id', { run_id: 'run_2' }],
    ['kind', { kind: 'transfer' as const }],
  ])('an id with another %s is refused (7)', (field, other) => {
    const book = applyStep(funded(100n), hold('h', 10n)).book;
    expect(() => applyStep(book, { ...hold('h', 10n), ...other })).toThrow(
      expect.objectContaining({
        code: 'idempotency_key_reused',
        message: `The transfer h exists with another ${field}.`,
        details: { id: 'h', differing: [field] },
      }),
    );
  });
});

function funded(amountOfAda: bigint): Book {
  const grant = {
    kind: 'transfer',
    id: 'g',
    debit: 'credit',
    credit: 'ada',
    asset: 'usd',
    amount: amountOfAda,
    what: 'x',
  } as const;
  return applyStep(empty, grant).book;
}

function hold(holdId: string, held: bigint) {
  return {
    kind: 'hold',
    id: holdId,
    debit: 'ada',
    credit: 'bob',
    asset: 'usd',
    amount: held,
    what: 'x',
    run_id: 'run_1',
  } as const;
}

/** The book after the step, or the very same when it was refused. */
function attempt(book: Book, one: Step): Book {
  try {
    return applyStep(book, one).book;
  } catch {
    return book;
  }
}

/** Recomputed from the transfers alone, by other means than the rules use. */
function assertInvariants(book: Book): void {
  const transfers = [...book.transfers.values()];
  const moved = (one: Transfer) => (one.kind === 'transfer' || one.kind === 'post' ? one.amount : 0n);
  for (const name of ['usd', 'token']) {
    expect(sum([...book.accounts.values()].filter((one) => one.asset === name).map((one) => one.posted))).toBe(0n);
  }
  for (const one of book.accounts.values()) {
    const into = sum(transfers.filter((entry) => entry.credit_account_id === one.id).map(moved));
    const out = sum(transfers.filter((entry) => entry.debit_account_id === one.id).map(moved));
    expect(one.posted).toBe(into - out);
    const resolved = new Set(transfers.map((entry) => entry.hold_id));
    const pending = transfers.filter(
      (entry) => entry.kind === 'hold' && entry.debit_account_id === one.id && !resolved.has(entry.id),
    );
    expect(one.held).toBe(sum(pending.map((entry) => entry.amount)));
    if (one.kind !== 'credit') expect(available(one)).toBeGreaterThanOrEqual(0n);
    expect(one.posted <= LARGEST && one.posted >= -LARGEST).toBe(true);
  }
  const resolutions = transfers.filter((entry) => entry.hold_id !== null);
  expect(new Set(resolutions.map((entry) => entry.hold_id)).size).toBe(resolutions.length);
  for (const entry of transfers) {
    expect(entry.amount >= 0n && entry.amount <= LARGEST).toBe(true);
    expect(book.accounts.get(entry.debit_account_id)!.asset).toBe(entry.asset);
    expect(book.accounts.get(entry.credit_account_id)!.asset).toBe(entry.asset);
    if (entry.hold_id === null) continue;
    const held = book.transfers.get(entry.hold_id)!;
    expect(held.kind).toBe('hold');
    expect(entry.amount <= held.amount).toBe(true);
  }
}

function sum(amounts: bigint[]): bigint {
  return amounts.reduce((total, one) => total + one, 0n);
}
