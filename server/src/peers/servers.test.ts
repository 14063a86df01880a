import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { describeNeeding } from '../../../test/support/needs.ts';
import { until } from '../../../test/support/network.ts';
import { systemClock } from '../clock.ts';
import { fingerprintOf, makePeerCertificate } from './certificate.ts';
import { joinServers, type Servers } from './servers.ts';
import { createWakes, type Word } from './wakes.ts';

describeNeeding(['postgres'], 'servers on one database', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function open(): Promise<TestDatabase> {
    const database = await openTestDatabase('postgres');
    closing.push(() => database.close());
    return database;
  }

  async function join(
    { db }: TestDatabase,
    id: string,
    options: { held?: { machineId: string; epoch: number }[]; beatMs?: number; certificate?: string } = {},
  ): Promise<Servers> {
    const servers = await joinServers({
      db,
      clock: systemClock(),
      log: pino({ level: 'silent' }),
      self: {
        id,
        peer_url: options.certificate === undefined ? null : 'https://127.0.0.1:1',
        peer_certificate: options.certificate ?? null,
      },
      fingerprintOf,
      held: () => options.held ?? [],
      beatMs: options.beatMs ?? 20,
    });
    closing.push(() => servers.leave());
    return servers;
  }

  /** A machine whose link that server has. */
  async function machineOf({ db }: TestDatabase, server: string): Promise<() => Promise<string | null>> {
    await db
      .insertInto('users')
      .values({ id: 'usr_1', name: 'ada', created_at: new Date(0) })
      .execute();
    const id = 'mac_1';
    await db
      .insertInto('machines')
      .values({
        id,
        provider_id: 'usr_1',
        name: 'm',
        public_key: 'k',
        facts: '{}',
        terms: '{}',
        link_server: server,
        link_epoch: 7n,
        created_at: new Date(0),
      })
      .execute();
    return async () =>
      (await db.selectFrom('machines').select('link_server').where('id', '=', id).executeTakeFirstOrThrow())
        .link_server;
  }

  const ids = async ({ db }: TestDatabase): Promise<string[]> =>
    (await db.selectFrom('servers').select('id').orderBy('id').execute()).map((row) => row.id);

  test('know of each other while they are there', async () => {
    const database = await open();
    const first = await join(database, 'a');
    expect(first.others()).toBe(false);
    const second = await join(database, 'b');
    expect(second.others()).toBe(true);
    await until('the first has seen it', async () => first.others());
    await second.leave();
    await until('the first has seen it go', async () => !first.others());
  });

  test('forget one that beats no more, whatever the clocks say, and its links are nobody’s', async () => {
    const database = await open();
    const linked = await machineOf(database, 'dead');
    // Its own clock was a year ahead.
    const started_at = new Date(Date.now() + 365 * 86_400_000);
    await database.db.insertInto('servers').values({ id: 'dead', started_at }).execute();
    const alive = await join(database, 'a');
    await join(database, 'b');
    await until('it is forgotten', async () => (await linked()) === null);
    expect(await ids(database)).toEqual(['a', 'b']); // those that beat are not
    await until('the other one is all that is left', async () => alive.others());
  });

  test('one that was taken for gone comes back with the links that it still has', async () => {
    const database = await open();
    const linked = await machineOf(database, 'a');
    await join(database, 'a', { held: [{ machineId: 'mac_1', epoch: 7 }] });
    await database.db.deleteFrom('servers').where('id', '=', 'a').execute();
    await database.db.updateTable('machines').set({ link_server: null }).execute();
    await until('it says so again', async () => (await linked()) === 'a');
    expect(await ids(database)).toEqual(['a']);
  });

  test('one that comes back does not take a link that has moved on', async () => {
    const database = await open();
    const linked = await machineOf(database, 'b');
    await join(database, 'a', { held: [{ machineId: 'mac_1', epoch: 6 }] });
    await database.db.deleteFrom('servers').where('id', '=', 'a').execute();
    await until('it is back', async () => (await ids(database)).includes('a'));
    expect(await linked()).toBe('b');
  });

  test('are known by their certificates, also one that joined a moment ago', async () => {
    const database = await open();
    const first = await join(database, 'a', { beatMs: 3_600_000 });
    const [{ cert }, stranger] = [await makePeerCertificate('b'), await makePeerCertificate('b')];
    await join(database, 'b', { certificate: cert });
    await until('it is known', async () => (await first.withCertificate(fingerprintOf(cert)))?.id === 'b');
    expect(await first.withCertificate(fingerprintOf(stranger.cert))).toBeUndefined();
  });

  test('hear each other’s words, each once, and none of their own', async () => {
    const database = await open();
    const heard: Record<string, (Word | null)[]> = { a: [], b: [] };
    const [a] = await Promise.all(
      ['a', 'b'].map(async (serverId) => {
        const wakes = await createWakes({
          database,
          serverId,
          log: pino({ level: 'silent' }),
          others: () => true,
          onWord: (word) => heard[serverId]!.push(word),
        });
        closing.push(() => wakes.stop());
        return wakes;
      }),
    );
    const runs = Array.from({ length: 300 }, (_, n) => ({ run: `run_${n}` }));
    for (const word of [...runs, ...runs]) a!.say(word);
    const last = { lease: 'lse_1', to: 'b' };
    a!.say(last);
    await until('the last was heard', async () => heard['b']!.length > 300);
    expect(heard['b']).toEqual([...runs, last]);
    expect(heard['a']).toEqual([]);
  });

  test('are not disturbed by words that they do not understand', async () => {
    const database = await open();
    const heard: (Word | null)[] = [];
    const wakes = await createWakes({
      database,
      serverId: 'a',
      log: pino({ level: 'silent' }),
      others: () => true,
      onWord: (word) => heard.push(word),
    });
    closing.push(() => wakes.stop());
    for (const payload of ['no json', '{}', JSON.stringify({ from: 'z', words: [{ song: 1 }] })])
      await database.notify('coop_wakes', payload);
    await database.notify('coop_wakes', JSON.stringify({ from: 'z', words: [{ run: 'run_1' }] }));
    await until('the good one was heard', async () => heard.length > 0);
    expect(heard).toEqual([{ run: 'run_1' }]);
  });
});
