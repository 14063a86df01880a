import { expect, test } from 'vitest';
import { signerFromSecret, signStatement } from '@gpucoop/protocol/evidence.ts';
import { forEachDatabase } from '../../../test/support/database.ts';
import { keepStatement, statementsAbout } from './evidence.ts';

const signer = signerFromSecret(new Uint8Array(32).fill(7));

forEachDatabase('evidence', (open) => {
  test('is the same on pages of any size, oldest first, kept once and of the subjects asked for alone', async () => {
    const { db } = await open();
    for (let place = 0; place < 7; place++) {
      const statement = signStatement('receipt', { place } as never, new Date(place).toISOString(), signer);
      for (const _ of ['kept', 'kept again']) await keepStatement(db, statement, `lse_${place % 2}`, new Date(0));
    }
    const whole = await statementsAbout(db, ['lse_0', 'lse_1'], { cursor: null, limit: 100 });
    expect(whole.next_cursor).toBeNull();
    expect(whole.items.map(({ body }) => body)).toEqual([0, 1, 2, 3, 4, 5, 6].map((place) => ({ place })));
    for (const limit of [1, 2, 3, 6, 7]) {
      const items = [];
      let cursor: string | null = null;
      do {
        const page = await statementsAbout(db, ['lse_0', 'lse_1'], { cursor, limit });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        items.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== null);
      expect(items).toEqual(whole.items);
    }
    const one = await statementsAbout(db, ['lse_1'], { cursor: null, limit: 100 });
    expect(one.items.map(({ body }) => body)).toEqual([1, 3, 5].map((place) => ({ place })));
    await expect(statementsAbout(db, ['lse_1'], { cursor: 'x', limit: 1 })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
