import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chargeRoundedDown } from '@gpucoop/policy/charge.ts';
import type { LogLine, Run } from '@gpucoop/protocol/resources.ts';
import { everyItem } from '@gpucoop/sdk/client.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import { signOrder } from '@gpucoop/sdk/order.ts';
import { recomputeLease } from '@gpucoop/server/runs/recompute.ts';
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
  type TestNetwork,
} from './support/network.ts';

/** The main job, as a stranger does it: rent an idle machine, run on it, pay for the seconds it served. */
function story(engine: 'docker' | 'process'): void {
  let network: TestNetwork;
  let provider: { client: Client; id: string };
  let machineId: string;

  beforeAll(async () => {
    network = await startTestNetwork({ policy: { ...quickPolicy, drain_notice_s: 1 } });
    provider = await network.user();
    machineId = (await network.addMachine(provider.client, { engine })).id;
    // A dollar an hour, so that seconds are seen in micros; 36 for those who run out of money.
    await provider.client.machines.setTerms(machineId, {
      price_micros_per_unit_hour: { cpu: 1_000_000 },
      only_when_idle: false,
    });
  });
  afterAll(async () => network?.close());

  const booksAreRight = async (): Promise<void> => expect((await network.admin.admin.inspect()).problems).toEqual([]);
  const logsOf = async (client: Client, runId: string): Promise<LogLine[]> =>
    Array.fromAsync(client.runs.logs(runId, { follow: true }));

  test('a task runs, its output and exit code come back, and it costs what it served to the second', async () => {
    const { client } = await network.user(1_000_000);
    const run = await rent(client, specOf({ command: ['sh', '-c', 'echo one; sleep 2; echo two >&2; exit 7'] }));
    const lines = await logsOf(client, run.id);
    expect(lines.map((line) => [line.stream, line.text])).toEqual([
      ['stdout', 'one\n'],
      ['stderr', 'two\n'],
    ]);

    const ended = await untilRun(client, run.id, 'ended', isEnded);
    expect(ended).toMatchObject({ end_reason: 'command_failed', exit_code: 7 });
    const [lease] = ended.leases;
    expect(lease?.billed_s).toBeGreaterThanOrEqual(1);
    expect(lease?.billed_s).toBeLessThanOrEqual(5);
    expect(ended.cost.micros).toBe(Number(chargeRoundedDown(1_000_000n, BigInt(lease?.billed_s ?? 0))));
    const balance = await client.money.balance();
    expect(balance).toMatchObject({ held: { micros: 0 }, available: { micros: 1_000_000 - ended.cost.micros } });
    await booksAreRight();
  });

  test('the charge can be made again from the signed statements, by the renter and by the provider', async () => {
    const { client } = await network.user(1_000_000);
    const run = await rent(client, specOf({ command: ['sleep', '2'] }));
    const ended = await untilRun(client, run.id, 'ended', isEnded);
    const leaseId = ended.leases[0]?.id;
    for (const party of [client, provider.client]) {
      const statements = await Array.fromAsync(everyItem((page) => party.runs.evidence(run.id, { ...page, limit: 2 })));
      const receipts = statements.filter((statement) => statement.kind === 'receipt');
      const meterKey = receipts[0]?.author ?? '';
      const ofLease = statements.filter(
        (statement) => 'lease_id' in statement.body && statement.body.lease_id === leaseId,
      );
      const again = recomputeLease(ofLease, { meter: meterKey, provider_ppm: quickPolicy.fees.provider_ppm });
      expect(again.problems).toEqual([]);
      expect(Number(again.charge)).toBe(ended.cost.micros);
    }
    const earned = (await provider.client.machines.earnings(machineId)).leases.find((row) => row.lease_id === leaseId);
    expect(earned).toMatchObject({ gross: ended.cost, fee: { micros: Math.floor(ended.cost.micros * 0.05) } });
  });

  test('somebody else sees nothing of a run', async () => {
    const { client } = await network.user(1_000_000);
    const stranger = (await network.user()).client;
    const run = await rent(client, specOf({ command: ['true'] }));
    await expect(stranger.runs.get(run.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(stranger.runs.stop(run.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(stranger.runs.evidence(run.id)).rejects.toMatchObject({ code: 'not_found' });
    await untilRun(client, run.id, 'ended', isEnded);
  });

  test('inside a running lease: exec, files in and out, statistics; then stop, and the files are still there', async () => {
    const { client } = await network.user(1_000_000);
    const run = await rent(client, specOf({ command: ['sleep', '600'], stop_grace_s: 1 }));
    await untilRun(client, run.id, 'running', isRunning);
    const session = await client.runs.exec(run.id, {
      command: ['sh', '-c', 'tee note.txt; exit 5'],
      tty: false,
      columns: null,
      rows: null,
      env: {},
      user: null,
    });
    session.stdin.end('from outside');
    const output = Buffer.concat(await Array.fromAsync(session.stdout as AsyncIterable<Buffer>)).toString();
    expect(output).toBe('from outside');
    expect(await session.exit).toBe(5);

    await client.runs.stop(run.id);
    const ended = await untilRun(client, run.id, 'ended', isEnded);
    expect(ended.end_reason).toBe('stopped_by_renter');
    const tar = await new Response(
      await client.runs.readFiles(run.id, engine === 'docker' ? '/note.txt' : 'note.txt'),
    ).text();
    expect(tar).toContain('from outside');
    await booksAreRight();
  });

  test('a command that does not exist ends with its reason, costs nothing to speak of, and is not retried', async () => {
    const { client } = await network.user(1_000_000);
    const spec = specOf({
      command: ['/no/such/command'],
      retry: { on_events: ['no-capacity', 'interruption', 'error'], duration_s: 60 },
    });
    const ended = await untilRun(client, (await rent(client, spec)).id, 'ended', isEnded);
    expect(ended).toMatchObject({ end_reason: 'command_not_found', exit_code: 127 });
    expect(ended.leases).toHaveLength(1);
    expect(ended.leases[0]?.billed_s).toBeLessThanOrEqual(1);
  });

  if (engine === 'docker')
    test('who follows a run that the engine cannot start is told of its end', async () => {
      const { client } = await network.user(1_000_000);
      const run = await rent(client, specOf({ command: ['true'], user: 'nobody-of-that-name' }));
      expect(await Array.fromAsync(client.runs.logs(run.id, { follow: true }))).toEqual([]);
      const ended = await client.runs.get(run.id);
      expect(ended).toMatchObject({ state: 'ended', end_reason: 'command_failed', cost: { micros: 0 } });
    });

  test('the same order sent ten times at once is one run with one lease and one hold', async () => {
    const { client, signer } = await network.user(1_000_000);
    const quote = await client.market.quote({ spec: specOf({ command: ['true'] }) });
    const order = signOrder(quote, {}, signer, new Date().toISOString());
    // Half of them as one request repeated, half as requests of their own: the order itself is what may be carried out once.
    const keys = Array.from({ length: 10 }, (_, n) => (n < 5 ? 'the-same-request' : `another-${n}`));
    const runs = await Promise.all(keys.map((idempotencyKey) => client.runs.place(order, { idempotencyKey })));
    expect(new Set(runs.map((run) => run.id)).size).toBe(1);
    await untilRun(client, runs[0]?.id ?? '', 'ended', isEnded);
    const { items } = await client.money.ledger();
    expect(items.filter((line) => line.kind === 'hold')).toHaveLength(1);
    await expect(client.runs.placeOrder(quote)).rejects.toMatchObject({ code: 'wrong_state' });
  });

  test('an order that waits is seen as demand, and gets the slice when it comes free', async () => {
    const { client } = await network.user(5_000_000);
    const all = specOf({
      command: ['sleep', '600'],
      resources: { ...specOf({ command: null }).resources, cpus: { min: 2, max: null } },
      stop_grace_s: 0,
    });
    const first = await rent(client, all);
    await untilRun(client, first.id, 'running', isRunning);
    const quote = await client.market.quote({ spec: all });
    expect(quote.options).toEqual([]);
    expect(quote.explanation?.relaxing.map((row) => row.reason)).toEqual(['rented']);
    await expect(
      client.runs.placeOrder(quote, { maxPriceMicrosPerHour: 9_000_000n, budgetMicros: 1_000_000n }),
    ).rejects.toMatchObject({ code: 'no_match' });

    const waiting = await rent(client, all, {
      queue: true,
      maxPriceMicrosPerHour: 9_000_000n,
      budgetMicros: 1_000_000n,
    });
    expect(waiting.state).toBe('queued');
    expect(await client.market.demand()).toMatchObject([{ class: 'cpu', runs: 1, units: 2 }]);
    await client.runs.stop(first.id);
    await untilRun(client, waiting.id, 'running', isRunning);
    expect(await client.market.demand()).toEqual([]);
    await client.runs.stop(waiting.id);
    await untilRun(client, waiting.id, 'ended', isEnded);
    await booksAreRight();
  });

  test('a run stops when its budget is used up, and never costs more', async () => {
    await provider.client.machines.setTerms(machineId, { price_micros_per_unit_hour: { cpu: 36_000_000 } });
    const { client } = await network.user(10_000_000);
    const run = await rent(client, specOf({ command: ['sleep', '600'], stop_grace_s: 1, budget_micros: 60_000 }));
    const ended = await untilRun(client, run.id, 'ended', isEnded);
    expect(ended.end_reason).toBe('budget_reached');
    expect(ended.cost.micros).toBeLessThanOrEqual(60_000);
    expect(ended.cost.micros).toBeGreaterThanOrEqual(40_000);
    const events = await Array.fromAsync(client.runs.events(run.id));
    expect(events.filter((event) => event.type === 'run.warning').map((event) => event.data['why'])).toEqual([
      'budget',
    ]);
  });

  test('a run can be extended while it runs, at the same price', async () => {
    const { client } = await network.user(10_000_000);
    const run = await rent(
      client,
      specOf({ command: ['sleep', '600'], stop_grace_s: 0, budget_micros: 60_000, max_duration_s: 60 }),
    );
    await untilRun(client, run.id, 'running', isRunning);
    await provider.client.machines.setTerms(machineId, { price_micros_per_unit_hour: { cpu: 1_000_000 } });
    const extended = await client.runs.extend(run.id, { budget_micros: 1_000_000, duration_s: 3600 });
    expect(extended.budget.micros).toBe(1_060_000);
    expect(extended.leases[0]?.price_per_hour.micros).toBe(36_000_000);
    await expect(client.runs.extend(run.id, { duration_s: 300 * 86_400 })).rejects.toMatchObject({
      code: 'wrong_state',
    });
    await client.runs.stop(run.id);
    await untilRun(client, run.id, 'ended', isEnded);
    await booksAreRight();
  });

  test('without credit an order is refused with numbers, and nothing is left behind', async () => {
    const { client } = await network.user(10);
    const quote = await client.market.quote({ spec: specOf({ command: ['true'], budget_micros: 1_000_000 }) });
    await expect(client.runs.placeOrder(quote)).rejects.toMatchObject({ code: 'insufficient_credit' });
    expect((await client.runs.list()).items).toEqual([]);
    await booksAreRight();
  });

  test('a provider who drains gives notice; the lease ends as his doing, and the machine can come back', async () => {
    const { client } = await network.user(1_000_000);
    const run = await rent(client, specOf({ command: ['sleep', '600'], stop_grace_s: 0 }));
    await untilRun(client, run.id, 'running', isRunning);
    await provider.client.machines.setListing(machineId, 'draining');
    expect((await client.market.quote({ spec: specOf({ command: ['true'] }) })).options).toEqual([]);
    const ended = await untilRun(client, run.id, 'ended', isEnded);
    expect(ended.end_reason).toBe('provider_drained');
    const why = (await Array.fromAsync(client.runs.events(run.id))).find((event) => event.type === 'run.warning')?.data[
      'why'
    ];
    expect(why).toBe('drain');
    await provider.client.machines.setListing(machineId, 'listed');
    await until(
      'the offer is back',
      async () => (await client.market.quote({ spec: specOf({ command: ['true'] }) })).options.length === 1,
    );
  });

  test('a suspended renter is stopped and may not order, but may read', async () => {
    const { client, id } = await network.user(1_000_000);
    const run = await rent(client, specOf({ command: ['sleep', '600'], stop_grace_s: 0 }));
    await untilRun(client, run.id, 'running', isRunning);
    await network.admin.admin.suspend({ subject: id, reason: 'test' });
    const ended: Run = await untilRun(client, run.id, 'ended', isEnded);
    expect(ended.end_reason).toBe('suspended');
    await expect(client.market.quote({ spec: specOf({ command: ['true'] }) })).rejects.toMatchObject({
      code: 'suspended',
    });
    await booksAreRight();
  });
}

describe('the main job with plain processes', () => story('process'));
describeNeeding(['docker'], 'the main job with containers', () => story('docker'));

describeNeeding(['docker'], 'what only containers can', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startTestNetwork();
    await network.addMachine((await network.user()).client, { engine: 'docker' });
  });
  afterAll(async () => network?.close());

  test('an image that is not there ends the run with its reason, unpaid', async () => {
    const { client } = await network.user(1_000_000);
    const ended = await untilRun(
      client,
      (await rent(client, specOf({ image: '127.0.0.1:1/no/such:image', command: ['true'] }))).id,
      'ended',
      isEnded,
    );
    expect(ended.end_reason).toMatch(/^image_(not_found|pull_failed)$/);
    expect(ended.cost.micros).toBe(0);
  });

  test('too much memory ends the run with its reason', async () => {
    const { client } = await network.user(1_000_000);
    const resources = { ...specOf({ command: null }).resources, memory_mib: { min: 64, max: 64 } };
    const command = ['sh', '-c', 'x=aaaaaaaa; while true; do x=$x$x$x$x; done'];
    const ended = await untilRun(client, (await rent(client, specOf({ command, resources }))).id, 'ended', isEnded);
    expect(ended.end_reason).toBe('out_of_memory');
  });
});
