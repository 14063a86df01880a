import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LogLine, Run, RunEvent } from '@gpucoop/protocol/resources.ts';
import { everyItem, type Client } from '@gpucoop/sdk/client.ts';
import { recomputeLease } from '@gpucoop/server/runs/recompute.ts';
import { startTcpProxy, type TcpProxy } from './agent-link/tcp-proxy.ts';
import { openTestDatabase, type TestDatabase } from './support/database.ts';
import { describeNeeding } from './support/needs.ts';
import {
  isEnded,
  isRunning,
  quickPolicy,
  rent,
  specOf,
  startTestNetwork,
  until,
  untilRun,
  type TestMachine,
  type TestNetwork,
  type TestServer,
  type TestUser,
} from './support/network.ts';
import { expectRight } from './support/rooms.ts';

/** The clock of a computer that is an hour ahead, as a program on it sees it. */
const anHourAhead = `
  const Real = Date, ahead = 3_600_000;
  globalThis.Date = class Date extends Real {
    constructor(...given) { if (given.length === 0) super(Real.now() + ahead); else super(...given); }
    static now() { return Real.now() + ahead; }
  };`;

/**
 * Two real servers on one PostgreSQL, the second one's clock an hour ahead, and a machine that dials through a proxy, which leads it to
 * the first. The renter speaks with the second one only.
 */
describeNeeding(['postgres'], 'several servers on one database', () => {
  let database: TestDatabase;
  let network: TestNetwork;
  let near: TestServer;
  let proxy: TcpProxy;
  let machine: TestMachine;
  let provider: TestUser;
  let renter: TestUser;
  let client: Client;

  beforeAll(async () => {
    database = await openTestDatabase('postgres');
    network = await startTestNetwork({ databaseUrl: database.url ?? '', policy: quickPolicy, peers: true });
    near = await network.addServer({
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(anHourAhead)}`,
    });
    proxy = await startTcpProxy(portOf(network.url));
    provider = await network.user();
    renter = await network.user(10_000_000);
    client = await near.as(renter);
    machine = await network.addMachine(provider.client, { server: `http://127.0.0.1:${proxy.port}` });
    await provider.client.machines.setTerms(machine.id, {
      price_micros_per_unit_hour: { cpu: 1_000_000 },
      only_when_idle: false,
    });
  }, 180_000);
  afterAll(async () => {
    await network?.close();
    await proxy?.close();
    await database?.close();
  });

  const portOf = (url: string): number => Number(new URL(url).port);
  const started = async (command: string[]): Promise<Run> => {
    await until('it is on offer', async () => {
      const { items } = await client.market.offers();
      return items.some((offer) => offer.availability === 'free');
    });
    const run = await rent(client, specOf({ command, stop_grace_s: 0 }));
    return untilRun(client, run.id, 'running', isRunning);
  };
  const shell = (run: Run, script: string) =>
    client.runs.exec(run.id, {
      command: ['sh', '-c', script],
      tty: false,
      columns: null,
      rows: null,
      env: {},
      user: null,
    });
  const said = async (run: Run, script: string, input = ''): Promise<string> => {
    const session = await shell(run, script);
    session.stdin.end(input);
    const [out, code] = await Promise.all([text(session.stdout), session.exit]);
    expect(code).toBe(0);
    return out;
  };
  const echoes = (run: Run): Promise<boolean> =>
    said(run, 'echo on').then(
      (out) => out === 'on\n',
      () => false,
    );
  const holder = async (): Promise<string | null> => {
    const row = await database.db
      .selectFrom('machines')
      .select('link_server')
      .where('id', '=', machine.id)
      .executeTakeFirstOrThrow();
    return row.link_server;
  };

  /** The ledger holds, and what was charged is what the signed statements say. */
  async function expectRightMoney(runId: string): Promise<void> {
    await expectRight(database);
    const run = await client.runs.get(runId);
    const statements = await Array.fromAsync(everyItem((page) => client.runs.evidence(runId, page)));
    for (const lease of run.leases) {
      const own = statements.filter(({ body }) => 'lease_id' in body && body.lease_id === lease.id);
      const meter = own.find((statement) => statement.kind === 'lease_terms')?.author ?? '';
      const again = recomputeLease(own, { meter, provider_ppm: quickPolicy.fees.provider_ppm });
      expect(again.problems).toEqual([]);
      expect(Number(again.charge)).toBe(lease.cost.micros);
    }
    expect((await client.money.balance()).held.micros).toBe(0);
  }

  test('exec, files, ports, stats and the doctor go through the one that has not the machine’s link', async () => {
    const run = await started(['sleep', '600']);
    expect(await said(run, 'cat; echo " and back"', 'there')).toBe('there and back\n');

    await said(run, 'mkdir up && seq 200000 > numbers');
    const tar = await client.runs.readFiles(run.id, 'numbers');
    await client.runs.writeFiles(run.id, 'up', tar);
    expect(await said(run, 'cmp numbers up/numbers && tail -n 1 up/numbers')).toBe('200000\n');

    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await until('it listens', async () => echo.listening);
    const connection = await client.runs.connect(run.id, (echo.address() as AddressInfo).port);
    connection.end('through');
    expect(await text(connection)).toBe('through');
    echo.close();

    expect((await client.runs.stats(run.id)).pids).toBeGreaterThan(0);
    const doctor = await (await near.as(provider)).machines.doctor(machine.id);
    expect(doctor.length).toBeGreaterThan(0);
    await client.runs.stop(run.id);
    await untilRun(client, run.id, 'ended', isEnded);
    await expectRightMoney(run.id);
  }, 180_000);

  test('logs and events are followed from the first to the last, and no clock makes the machine silent', async () => {
    const run = await started(['sh', '-c', 'for i in 1 2 3 4 5; do echo line $i; sleep 1; done']);
    const [lines, events] = await Promise.all([
      Array.fromAsync(client.runs.logs(run.id, { follow: true })),
      Array.fromAsync(client.runs.events(run.id)),
    ]);
    expect(lines.map((line) => line.text)).toEqual([1, 2, 3, 4, 5].map((n) => `line ${n}\n`));
    const types = events.map((event) => event.type);
    expect(types.at(-1)).toBe('run.ended');
    expect((await client.runs.get(run.id)).end_reason).toBe('completed');
    // To a server whose clock counted, it would have been silent for an hour, ever since.
    const seenFromNear = await near.as(provider);
    await until('it is online', async () => (await seenFromNear.machines.get(machine.id)).presence === 'online');
    const offMs = Math.abs(Date.parse((await client.runs.get(run.id)).created_at) - Date.now());
    expect(offMs).toBeLessThan(600_000); // the hour is not in it
    await expectRightMoney(run.id);
  }, 180_000);

  test('a holder that stands still without a word is given up, and asked again when it goes on', async () => {
    const run = await started(['sleep', '600']);
    const session = await shell(run, 'echo up; cat');
    await until('the command runs', async () => session.stdout.read() !== null);
    const pid = network.server.pid() ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(session.exit).rejects.toMatchObject({ code: 'machine_unreachable' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('commands run again', () => echoes(run));
    await client.runs.stop(run.id);
    await untilRun(client, run.id, 'ended', isEnded);
    await expectRightMoney(run.id);
  }, 180_000);

  test('the holder is killed in the middle of a stream: a reason at once, the machine dials the other, and all goes on', async () => {
    const run = await started(['sh', '-c', 'i=0; while :; do i=$((i+1)); echo line $i; sleep 0.2; done']);
    const before = await holder();
    const lines: LogLine[] = [];
    const leaving = new AbortController();
    const following = follow(client.runs.logs(run.id, { follow: true, signal: leaving.signal }), lines);
    const session = await shell(run, 'echo up; cat');
    await until('the command runs', async () => session.stdout.read() !== null);
    await until('lines come', async () => lines.length > 3);

    proxy.turnTo(portOf(near.url));
    await network.server.kill9();
    await expect(session.exit).rejects.toMatchObject({
      code: 'machine_unreachable',
      hint: expect.stringContaining(`The connection to server ${before?.slice(0, 8)}, which had its link, was lost.`),
    });
    const seen = lines.length;

    await until('it is linked to the other', async () => (await holder()) !== before && (await holder()) !== null);
    await until('commands run again', () => echoes(run));
    await until('lines come again', async () => lines.length > seen + 3);
    expect(lines.map((line) => line.text)).toEqual(lines.map((_, n) => `line ${n + 1}\n`));
    leaving.abort();
    await following;

    const billed = (await client.runs.get(run.id)).leases[0]!.billed_s;
    await until('it is billed on', async () => (await client.runs.get(run.id)).leases[0]!.billed_s > billed);
    await client.runs.stop(run.id);
    const ended = await untilRun(client, run.id, 'ended', isEnded);
    expect(ended).toMatchObject({ end_reason: 'stopped_by_renter', leases: [{ id: run.leases[0]!.id }] });
    await expectRightMoney(run.id);
  }, 180_000);

  test('the killed one is forgotten; started again it serves a machine whose link the other has', async () => {
    await until('it is forgotten', async () => {
      const rows = await database.db.selectFrom('servers').select('id').execute();
      return rows.length === 1;
    });
    await network.server.start();
    const again = renter.client; // it speaks with the first one
    await until('it knows the machine', async () => (await again.market.offers()).items.length > 0);
    const events: RunEvent[] = [];
    const run = await rent(again, specOf({ command: ['sh', '-c', 'echo from afar'] }));
    for await (const event of again.runs.events(run.id)) events.push(event);
    expect(events.at(-1)?.type).toBe('run.ended');
    const lines = await Array.fromAsync(again.runs.logs(run.id));
    expect(lines.map((line) => line.text)).toEqual(['from afar\n']);
    await expectRightMoney(run.id);
  }, 180_000);

  async function follow(source: AsyncIterable<LogLine>, into: LogLine[]): Promise<void> {
    try {
      for await (const line of source) into.push(line);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    }
  }
});
