import { expect } from 'vitest';
import type { Run } from '@gpucoop/protocol/resources.ts';
import { everyItem } from '@gpucoop/sdk/client.ts';
import { signOrder } from '@gpucoop/sdk/order.ts';
import { recomputeLease } from '@gpucoop/server/runs/recompute.ts';
import type { Dockerd } from './dockerd.ts';
import {
  isEnded,
  quickPolicy,
  specOf,
  startTestNetwork,
  until,
  untilRun,
  type Program,
  type TestNetwork,
  type TestUser,
} from './network.ts';

export type DrillOptions = {
  seed: number;
  rounds: number;
  engine: 'docker' | 'process';
  databaseUrl?: string;
  /** An engine of the test's own: it is killed too. */
  dockerd?: Dockerd;
};

/**
 * A network whose programs are killed with -9 at random instants while runs start, run and stop. Whatever happened, in the end every run
 * has ended, the books and reservations are right, every charge follows from the evidence, and nothing was started twice.
 * The seed decides what is done and when; a failing one is to be kept.
 */
export async function drill({ seed, rounds, engine, databaseUrl, dockerd }: DrillOptions): Promise<void> {
  const random = randomFrom(seed);
  const policy = { ...quickPolicy, timeouts: { ...quickPolicy.timeouts, lost_ms: 60_000 } };
  const network = await startTestNetwork({ policy, ...(databaseUrl !== undefined && { databaseUrl }) });
  try {
    const provider = await network.user();
    const renter = await network.user(100_000_000);
    const socketPath = dockerd?.socketPath;
    const machine = await network.addMachine(provider.client, {
      engine,
      ...(socketPath !== undefined && { socketPath }),
    });
    await provider.client.machines.setTerms(machine.id, {
      price_micros_per_unit_hour: { cpu: 3_600_000 },
      only_when_idle: false,
    });
    const runs: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const disturbing = disturb(
        [network.server, machine.agent, ...(dockerd === undefined ? [] : [asVictim(dockerd)])],
        random,
      );
      const run = await orderPatiently(renter, random);
      if (run !== undefined) runs.push(run.id);
      const stopped = runs[Math.floor(random() * runs.length)];
      if (stopped !== undefined && random() < 0.5) await patiently(() => renter.client.runs.stop(stopped));
      await disturbing;
      await prove(network);
    }
    for (const runId of runs) {
      await patiently(() => renter.client.runs.stop(runId));
      const ended = await untilRun(renter.client, runId, 'ended', isEnded, 120_000);
      await proveCharge(renter, ended);
    }
    await prove(network);
    expect((await renter.client.money.balance()).held.micros).toBe(0);
    await until('all slots are free', async () => {
      const { items } = await renter.client.market.offers();
      return items.every((offer) => offer.units_free === offer.units_total);
    });
  } catch (error) {
    throw new Error(
      `the drill with SEED=${seed} failed: ${error instanceof Error ? error.message : String(error)}\n${(
        await network.server.log()
      )
        .split('\n')
        .filter((line) => line.includes('"error"'))
        .slice(-5)
        .join('\n')}`,
      { cause: error },
    );
  } finally {
    await network.close();
  }
}

type Victim = Pick<Program, 'kill9' | 'start'>;

const asVictim = (dockerd: Dockerd): Victim => ({ kill9: () => dockerd.kill9(), start: () => dockerd.restart() });

/** Kills one of the programs after a moment, and starts it again after another. */
async function disturb(victims: Victim[], random: () => number): Promise<void> {
  const victim = victims[Math.floor(random() * victims.length)];
  if (victim === undefined) throw new Error('nobody to kill');
  await pause(random() * 1500);
  await victim.kill9();
  await pause(random() * 800);
  await victim.start();
}

/** An order whose server may die under it: the same quote and statement are sent again, until there is an answer. */
async function orderPatiently(renter: TestUser, random: () => number): Promise<Run | undefined> {
  const seconds = random() < 0.5 ? 1 : 30;
  const spec = specOf({ command: ['sleep', String(seconds)], stop_grace_s: 0 });
  const quote = await patiently(() => renter.client.market.quote({ spec }));
  if (quote.options.length === 0) return undefined;
  // One statement, however often it is sent: an answer that was lost must not have made a second run.
  const order = signOrder(quote, {}, renter.signer, new Date().toISOString());
  return patiently(() => renter.client.runs.place(order)).catch((error: unknown) => {
    if (isCode(error, 'offer_taken', 'no_match', 'quote_expired')) return undefined;
    throw error;
  });
}

/** Repeats what fails because a program is away. */
async function patiently<Value>(call: () => Promise<Value>): Promise<Value> {
  let last: unknown;
  return until('the server answers', async () => {
    try {
      return { value: await call() };
    } catch (error) {
      if (isCode(error, 'offer_taken', 'no_match', 'quote_expired', 'not_found', 'wrong_state', 'insufficient_credit'))
        throw error;
      last = error;
      return undefined;
    }
  }).then(
    ({ value }) => value,
    (error: unknown) => {
      throw last instanceof Error && error instanceof Error && error.message.startsWith('waited') ? last : error;
    },
  );
}

async function prove(network: TestNetwork): Promise<void> {
  const { problems, assets } = await patiently(() => network.admin.admin.inspect());
  expect(problems).toEqual([]);
  expect(assets.every((asset) => asset.sum_micros === 0)).toBe(true);
}

async function proveCharge(renter: TestUser, run: Run): Promise<void> {
  const statements = await Array.fromAsync(everyItem((page) => renter.client.runs.evidence(run.id, page)));
  for (const lease of run.leases) {
    const own = statements.filter((statement) => 'lease_id' in statement.body && statement.body.lease_id === lease.id);
    const author = own.find((statement) => statement.kind === 'lease_terms')?.author ?? '';
    const again = recomputeLease(own, { meter: author, provider_ppm: quickPolicy.fees.provider_ppm });
    expect(again.problems).toEqual([]);
    expect(Number(again.charge)).toBe(lease.cost.micros);
  }
  // Started twice would be two containers in one lease, and the meter would say so.
  expect(
    statements.filter(
      (statement) =>
        statement.kind === 'receipt' && 'rule' in statement.body && statement.body.rule === 'other_container',
    ),
  ).toEqual([]);
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
