import { once } from 'node:events';
import { getHeapStatistics } from 'node:v8';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ceilingRoundedDown } from '@gpucoop/policy/emission.ts';
import { ionet } from '@gpucoop/policy/presets/ionet.ts';
import { standby } from '@gpucoop/policy/presets/standby.ts';
import { taskRewards } from '@gpucoop/policy/reward-task.ts';
import { weightRewards, type WeighedMachine } from '@gpucoop/policy/reward-weight.ts';
import { standbyOwed, type IdleMachine } from '@gpucoop/policy/standby.ts';
import type { Bench } from './bench.ts';
import { median } from './statistics.ts';

const MACHINES = 1_000_000;

export const rewards: Bench = {
  name: 'rewards',
  what: `the rewards of ${MACHINES} machines for one epoch, exact to the unit, against a plain loop of floats over the same machines`,
  async run({ quick, say }) {
    const rounds = quick ? 1 : 7;
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const rule of Object.keys(rules)) {
        // Each in a thread of its own, so that nobody's heap holds another's garbage; who goes first changes.
        for (const way of round % 2 === 0 ? (['exact', 'floats'] as const) : (['floats', 'exact'] as const)) {
          samples.push({ rule, way, round, ...(await inThread(rule, way)) });
        }
      }
    }
    say(`${rounds} rounds, each in a fresh thread; the machines are made before the clock starts`);
    say('the heap is what the thread’s heap had grown to at the end, machines included');
    return { rows: tableOf(samples), json: { machines: MACHINES, rounds, samples } };
  },
};

type Way = 'exact' | 'floats';
type Measured = { seconds: number; heap_mb: number };
type Sample = Measured & { rule: string; way: Way; round: number };

/** Per rule, machines from a fixed sequence, and the same division in both ways. */
const rules: Record<string, () => Record<Way, () => number>> = {
  'weight, by the hour (ionet)': () => {
    const rule = ionet.policy.rewards['block']!;
    if (rule.kind !== 'weight') throw new Error('weight');
    const released = ceilingRoundedDown(ionet.policy.emission!.pools['rewards']!, 3600n);
    const classes = Object.keys(rule.classes);
    const machines = make<WeighedMachine>((n) => ({
      class: classes[n % classes.length]!,
      devices: 1 + (n % 8),
      eligible: n % 20 !== 0,
    }));
    return {
      exact: () => weightRewards(rule, released, machines).parts.length,
      floats: () => {
        const weights = machines.map((machine) =>
          machine.eligible ? rule.classes[machine.class]!.weight_ppm * machine.devices : 0,
        );
        const sums: Record<string, number> = {};
        for (const [n, weight] of weights.entries()) {
          const { group } = rule.classes[machines[n]!.class]!;
          sums[group] = (sums[group] ?? 0) + weight;
        }
        const parts = machines.map(({ class: slug }, n) => {
          const { group } = rule.classes[slug]!;
          return (Number(released) * rule.groups[group]! * weights[n]!) / (1e6 * sums[group]!);
        });
        return parts.length;
      },
    };
  },
  'standby, by the second (standby)': () => {
    const rule = standby.policy.rewards['standby']!;
    if (rule.kind !== 'standby') throw new Error('standby');
    const machines = make<IdleMachine>((n) => ({
      units: 1 + (n % 8),
      idleSeconds: (n * 7919) % 3601,
      askMicrosPerHour: 250_000n + BigInt((n * 104_729) % 100_000),
    }));
    return {
      exact: () => standbyOwed(rule, 'rtx-4090', 100_000n, machines).length,
      floats: () => {
        const { pay_micros_per_hour: pay, reference_micros_per_hour: reference } = rule.classes['rtx-4090']!;
        const most = (Number(reference) * rule.asks_at_most_ppm) / 1e6;
        const seconds = machines.map((machine) =>
          Number(machine.askMicrosPerHour) > most ? 0 : machine.units * machine.idleSeconds,
        );
        const idle = seconds.reduce((total, one) => total + one, 0);
        const owed = (Math.min(100_000 * 3600, idle) * Number(pay)) / 3600;
        return seconds.map((one) => (owed * one) / idle).length;
      },
    };
  },
  'tasks, every count another (aethir)': () => {
    const released = 2_874_743n * 10n ** 18n;
    const counts = make((n) => BigInt(n + 1));
    const numbers = counts.map(Number);
    return {
      exact: () => taskRewards(released, counts).parts.length,
      floats: () => {
        const total = numbers.reduce((sum, one) => sum + one, 0);
        return numbers.map((one) => (Number(released) * one) / total).length;
      },
    };
  },
};

const make = <Item>(item: (n: number) => Item): Item[] => Array.from({ length: MACHINES }, (_, n) => item(n));

async function inThread(rule: string, way: Way): Promise<Measured> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { rule, way },
    resourceLimits: { maxOldGenerationSizeMb: 4096 },
  });
  const [measured] = (await once(worker, 'message')) as [Measured];
  await once(worker, 'exit');
  return measured;
}

if (!isMainThread && parentPort !== null) {
  const { rule, way } = workerData as { rule: string; way: Way };
  const run = rules[rule]!()[way];
  const start = performance.now();
  const count = run();
  const seconds = (performance.now() - start) / 1000;
  if (count !== MACHINES) throw new Error(`${count} parts for ${MACHINES} machines`);
  parentPort.postMessage({ seconds, heap_mb: getHeapStatistics().total_heap_size / 1e6 } satisfies Measured);
}

function tableOf(samples: Sample[]): Record<string, string>[] {
  return Object.keys(rules).map((rule) => {
    const of = (way: Way, what: keyof Measured): number =>
      median(samples.filter((sample) => sample.rule === rule && sample.way === way).map((sample) => sample[what]));
    return {
      rule,
      seconds: of('exact', 'seconds').toFixed(2),
      heap: `${of('exact', 'heap_mb').toFixed(0)} MB`,
      'floats, seconds': of('floats', 'seconds').toFixed(2),
      'floats, heap': `${of('floats', 'heap_mb').toFixed(0)} MB`,
      'times as long': (of('exact', 'seconds') / of('floats', 'seconds')).toFixed(1),
    };
  });
}
