import { expect, test } from 'vitest';
import { openTestDatabase } from '../../../test/support/database.ts';
import { policyOf } from './lease-policy.ts';

test('a lease of the time before version 2 settles under the rules that its quote named', async () => {
  const database = await openTestDatabase('pglite');
  const body = {
    version: 1,
    name: 'local',
    network: 'local',
    fees: { provider_ppm: 30_000, renter_ppm: 1000 },
    hold: { horizon_s: 1800, notice_s: 300 },
    gap_s: 60,
    drain_notice_s: 300,
    keep_stopped_s: 86_400,
    quote_ttl_s: 120,
    test_credit_micros: 10_000_000,
    timeouts: {
      heartbeat_s: 5,
      silent_s: 20,
      lost_s: 600,
      accept_s: 60,
      pull_s: 3600,
      start_s: 120,
      ready_s: 600,
      stop_s: 60,
    },
  };
  await database.db
    .insertInto('policies')
    .values({ hash: 'of version 1', body: JSON.stringify(body), created_at: new Date() })
    .execute();
  const read = await policyOf(database.db, 'of version 1');
  expect(read.fees).toMatchObject({ provider_ppm: 30_000, renter_ppm: 1000 });
  expect(read).toMatchObject({ hold: { horizon_s: 1800 }, timeouts: { lost_ms: 600_000 } });
  await database.close();
});
