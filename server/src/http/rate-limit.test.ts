import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { createRateLimiter } from './rate-limit.ts';
import { httpFixture } from './testing/http-fixture.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterAll(() => database.close());

test('nobody ever gets more than the burst and what was refilled since', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 600 }),
      (pauses, burst, perMinute) => {
        let now = 0;
        const limiter = createRateLimiter(() => now, { read: { burst, perMinute } });
        let taken = 0;
        for (const pause of pauses) {
          now += pause;
          const { retryAfterS } = limiter.take('read', 'key_1');
          if (retryAfterS === 0) taken += 1;
          else {
            // Whoever waits as long as he is told may have one.
            now += retryAfterS * 1000;
            expect(limiter.look('read', 'key_1').retryAfterS).toBe(0);
          }
          expect(taken).toBeLessThanOrEqual(burst + (now * perMinute) / 60_000 + 1e-6);
        }
      },
    ),
  );
});

test('who is told to wait gets one after that time, and not before', () => {
  let now = 0;
  const limiter = createRateLimiter(() => now, { write: { burst: 2, perMinute: 6 } });
  expect([limiter.take('write', 'a').remaining, limiter.take('write', 'a').remaining]).toEqual([1, 0]);
  expect(limiter.take('write', 'a').retryAfterS).toBe(10);
  now = 9_900;
  expect(limiter.take('write', 'a').retryAfterS).toBe(1);
  now = 10_000;
  expect(limiter.look('write', 'a').retryAfterS).toBe(0);
  expect(limiter.take('write', 'a').retryAfterS).toBe(0);
  expect(limiter.take('write', 'b').remaining).toBe(1);
});

test('a caller sees what is left, and one who is refused sees when to come back', async () => {
  const fixture = httpFixture(database, { config: { rates: { read: { burst: 2, perMinute: 6 } } } });
  const user = await fixture.person();
  const ask = (key = user.key) => fixture.app.request('/v1/balance', { headers: { authorization: `Bearer ${key}` } });
  const first = await ask();
  expect([first.status, first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual([
    200,
    '"read";q=2;w=20',
    '"read";r=1;t=10',
  ]);
  await ask();
  const third = await ask();
  expect([third.status, third.headers.get('retry-after'), third.headers.get('ratelimit')]).toEqual([
    429,
    '10',
    '"read";r=0;t=10',
  ]);
  expect(await third.json()).toMatchObject({
    code: 'rate_limited',
    retryable: true,
    hint: 'Wait 10 s; 6 a minute are allowed.',
  });
  // Another key of the same user is another caller; time brings it back.
  expect((await ask((await fixture.keyOf(user.id, ['money:read'])).secret)).status).toBe(200);
  fixture.skip(10_000);
  expect((await ask()).status).toBe(200);
});

test('wrong keys from one address are stopped before the database is asked, and do not lock out others', async () => {
  const fixture = httpFixture(database, { config: { rates: { refused: { burst: 3, perMinute: 1 } } } });
  const user = await fixture.person();
  const ask = async (key: string, remoteAddress: string) =>
    (
      await fixture.app.request(
        '/v1/me',
        { headers: { authorization: `Bearer ${key}` } },
        {
          incoming: { socket: { remoteAddress } },
        },
      )
    ).status;
  const wrong = user.key.slice(0, -4) + '0000';
  expect([await ask(wrong, 'a'), await ask(wrong, 'a'), await ask('x', 'a'), await ask(wrong, 'a')]).toEqual([
    401, 401, 401, 429,
  ]);
  expect(await ask(user.key, 'b')).toBe(200);
});
