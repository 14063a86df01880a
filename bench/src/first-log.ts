import { spawn } from 'node:child_process';
import type { Client } from '@gpucoop/sdk/client.ts';
import type { Run } from '@gpucoop/protocol/resources.ts';
import type { Spec } from '@gpucoop/protocol/spec.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import { isEnded, specOf, startTestNetwork, untilRun } from '../../test/support/network.ts';
import type { Bench, BenchResult } from './bench.ts';
import { imageMegabytes, leaseOptions, newestLease, readyNetworks, takeReadyNetwork } from './docker-options.ts';
import { median, quantile } from './statistics.ts';

const TEXT = 'here it is';
const COMMAND = ['sh', '-c', `echo ${TEXT}`];
const WARM_UP = 3;

/**
 * From the order to the first log line, beside `docker run` of the same image, in turns on one machine: a whole network as `coop up`
 * starts it (server on the embedded database, agent with docker, client over HTTP), each in its own process. Before each turn the
 * agent has made the next lease's network ready, so that this work falls into nobody's time; what a lease takes that finds none is
 * measured too.
 */
export const firstLog: Bench = {
  name: 'first-log',
  what: 'order to first log line with a cached image, against `docker run` of the same image',
  async run({ quick, say }) {
    const network = await startTestNetwork({ policy: localPolicy });
    try {
      const provider = (await network.user()).client;
      const machine = await network.addMachine(provider, { engine: 'docker' });
      await provider.machines.setTerms(machine.id, {
        price_micros_per_unit_hour: { cpu: 10_000 },
        only_when_idle: false,
      });
      const { client } = await network.user(1_000_000_000);
      const image = await cachedImage(client);
      const spec = specOf({ image, command: COMMAND });

      await orderToLog(client, spec);
      const options = await leaseOptions(machine.id, await newestLease(machine.id));
      const ways: Record<Way, () => Promise<Times>> = {
        coop: () => orderToLog(client, spec),
        'coop, no network ready': async () => {
          await takeReadyNetwork(machine.id);
          return orderToLog(client, spec);
        },
        'docker run': () => dockerRun(['--rm', image]),
        'docker run, same options': () => dockerRun(['--rm', ...options, image]),
      };
      const settled = async () => void (await readyNetworks(machine.id));
      await measure(ways, WARM_UP, settled);
      const rounds = await measure(ways, quick ? 4 : 30, settled);
      say(`${rounds.length} rounds, image ${(await imageMegabytes(image)).toFixed(1)} MB`);
      return summary(rounds);
    } finally {
      await network.close();
    }
  },
};

type Way = 'coop' | 'coop, no network ready' | 'docker run' | 'docker run, same options';
type Times = { ms: number; quoteMs?: number; orderMs?: number };
type Round = Record<Way, Times>;

/** All ways in every round, in another order each time, so that what disturbs the machine disturbs all alike. */
async function measure(
  ways: Record<Way, () => Promise<Times>>,
  count: number,
  settled: () => Promise<void>,
): Promise<Round[]> {
  const names = Object.keys(ways) as Way[];
  const rounds: Round[] = [];
  for (let n = 0; n < count; n++) {
    const order = names.map((_, index) => names[(index + n) % names.length]!);
    const round: Partial<Round> = {};
    for (const name of order) {
      await settled();
      round[name] = await ways[name]();
    }
    rounds.push(round as Round);
  }
  return rounds;
}

function summary(rounds: Round[]): BenchResult {
  const times = (way: Way) => rounds.map((round) => round[way].ms);
  const ratios = (way: Way, baseline: Way) => ({
    of_medians: median(times(way)) / median(times(baseline)),
    median_of_pairs: median(rounds.map((round) => round[way].ms / round[baseline].ms)),
  });
  const row = (what: string, values: number[], way?: Way) => ({
    what,
    'median ms': median(values).toFixed(0),
    'p90 ms': quantile(values, 0.9).toFixed(0),
    'of docker run': way === undefined ? '' : ratios(way, 'docker run').median_of_pairs.toFixed(2),
    'of the same options': way === undefined ? '' : ratios(way, 'docker run, same options').median_of_pairs.toFixed(2),
  });
  const withQuote = rounds.map(({ coop }) => coop.ms + (coop.quoteMs ?? 0));
  return {
    rows: [
      row('order to first log line', times('coop'), 'coop'),
      row('quote, order, first log line', withQuote),
      row('order to first log line, no network ready', times('coop, no network ready'), 'coop, no network ready'),
      row('docker run', times('docker run')),
      row('docker run, same options', times('docker run, same options')),
    ],
    json: {
      rounds,
      ratios: Object.fromEntries(
        (['coop', 'coop, no network ready'] as const).map((way) => [
          way,
          { docker_run: ratios(way, 'docker run'), same_options: ratios(way, 'docker run, same options') },
        ]),
      ),
    },
  };
}

async function orderToLog(client: Client, spec: Spec): Promise<Times> {
  const asked = performance.now();
  const quote = await client.market.quote({ spec });
  const began = performance.now();
  const run = await client.runs.placeOrder(quote);
  const ordered = performance.now();
  const ms = await firstLine(client, run, began);
  await untilRun(client, run.id, 'ended', isEnded);
  return { ms, quoteMs: began - asked, orderMs: ordered - began };
}

async function firstLine(client: Client, run: Run, began: number): Promise<number> {
  for await (const line of client.runs.logs(run.id, { follow: true, signal: AbortSignal.timeout(60_000) })) {
    if (line.text.trim() !== TEXT) throw new Error(`the log says ${JSON.stringify(line.text)}`);
    return performance.now() - began;
  }
  throw new Error(`run ${run.id} wrote nothing`);
}

/** Until its first output; resolves when it has also ended. */
async function dockerRun(args: string[]): Promise<Times> {
  const began = performance.now();
  const child = spawn('docker', ['run', ...args, ...COMMAND], { stdio: ['ignore', 'pipe', 'inherit'] });
  let ms: number | undefined;
  child.stdout.on('data', () => (ms ??= performance.now() - began));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (ms === undefined || code !== 0) throw new Error(`docker run ended with ${String(code)}`);
  return { ms };
}

async function cachedImage(client: Client): Promise<string> {
  const { items } = await client.market.offers();
  const image = items.flatMap((offer) => offer.cached_images).find((name) => name.startsWith('coop/base:'));
  if (image === undefined) throw new Error('the machine has no base image');
  return image;
}
