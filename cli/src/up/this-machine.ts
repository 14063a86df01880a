import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Client } from '@gpucoop/sdk/client.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Machine } from '@gpucoop/protocol/resources.ts';
import type { Context } from '../contexts.ts';
import { readJson, writeJson } from '../home.ts';
import type { Home } from '../home.ts';
import { programs, runToEnd } from './programs.ts';

/** What of the agent's own file is asked here; the rest is the agent's. */
const Enrolled = z.looseObject({ machine_id: z.string(), server: z.string(), engine: z.string() });
export type Enrolled = z.infer<typeof Enrolled>;

export async function enrolledHere(home: Home): Promise<Enrolled | undefined> {
  const parsed = Enrolled.safeParse(await readJson(join(home.agent, 'agent.json')));
  return parsed.success ? parsed.data : undefined;
}

export type Enrolment = {
  engine: string;
  /** The certificate that the server shows; undefined: plain HTTP. */
  certificateFile: string | undefined;
};

/** Makes this computer a machine of its own network, once. Gives the machine's id. The agent must not be running. */
export async function enrolThisMachine(
  home: Home,
  context: Context,
  client: Client,
  { engine, certificateFile }: Enrolment,
): Promise<string> {
  const enrolled = await enrolledHere(home);
  if (enrolled !== undefined) {
    await requireKnown(client, enrolled.machine_id, home);
    await pointAt(home, enrolled, context.server, { engine, certificateFile });
    return enrolled.machine_id;
  }
  const { token } = await client.machines.createJoinToken({ name: null, ttl_s: 600 });
  const args = [programs.agent, 'enrol', '--state', home.agent, '--server', context.server, '--engine', engine];
  const trust = certificateFile === undefined ? [] : ['--ca', certificateFile];
  await runToEnd(
    [...args, ...trust],
    { ...process.env, COOP_JOIN_TOKEN: token },
    'Making this computer a machine of the network',
    'coop agent doctor checks this machine step by step.',
  );
  const now = await enrolledHere(home);
  if (now === undefined)
    throw new CoopError('internal', `The agent enrolled and left no ${join(home.agent, 'agent.json')}.`);
  // On a network of one computer the owner is the renter: his own work must not take the machine off the market.
  if (context.fingerprint === undefined) await client.machines.setTerms(now.machine_id, { only_when_idle: false });
  return now.machine_id;
}

/** Another port, TLS or another engine than last time: it is the same machine and the same server, only reached in another way. */
async function pointAt(
  home: Home,
  enrolled: Enrolled,
  server: string,
  { engine, certificateFile }: Enrolment,
): Promise<void> {
  const certificate = certificateFile === undefined ? undefined : new X509Certificate(await readFile(certificateFile));
  const tls =
    certificate === undefined ? null : { certificate: certificate.toString(), fingerprint: certificate.fingerprint256 };
  const now = { ...enrolled, server, tls, engine: engine === 'auto' ? enrolled.engine : engine };
  if (JSON.stringify(now) !== JSON.stringify(enrolled)) await writeJson(join(home.agent, 'agent.json'), now);
}

async function requireKnown(client: Client, machineId: string, home: Home): Promise<void> {
  try {
    await client.machines.get(machineId);
  } catch (error) {
    if (!(error instanceof CoopError) || error.code !== 'not_found') throw error;
    throw new CoopError(
      'wrong_state',
      `The agent in ${home.agent} belongs to another network than the one in ${home.network}.`,
      {
        hint: 'coop up --fresh starts both over; coop up --no-machine starts without the agent.',
        cause: error,
      },
    );
  }
}

const LOOK_AGAIN_MS = 200;

/** Until the machine's offers are on the market. */
export async function untilOffered(
  client: Client,
  machineId: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Machine> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const machine = await client.machines.get(machineId);
    if (machine.presence === 'online' && (machine.offers.length > 0 || machine.listing !== 'listed')) return machine;
    if (performance.now() > untilMs) {
      throw new CoopError(
        'timeout',
        `The machine is ${machine.presence} and has no offer after ${timeoutMs / 1000} seconds.`,
        {
          hint: 'coop machine doctor, or the log of the agent, says what is in the way.',
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
