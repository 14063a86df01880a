import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { signerFromSecret, type Signer } from '@gpucoop/protocol/evidence.ts';
import type { Machine, Run } from '@gpucoop/protocol/resources.ts';
import { specDefaults, type Spec } from '@gpucoop/protocol/spec.ts';
import { policyJson, type Policy } from '@gpucoop/policy/policy.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import { createClient, type Client } from '@gpucoop/sdk/client.ts';

/** A real network for a test: the server's program, agents' programs, and clients, all as strangers would start them. */
export type TestNetwork = {
  url: string;
  home: string;
  server: Program;
  admin: Client;
  /** A new user, with credit when asked for. */
  user(credit?: number): Promise<TestUser>;
  /** Another server on the same database, which takes requests of the others as they of it. Only where `peers` was asked for. */
  addServer(env?: Record<string, string>): Promise<TestServer>;
  addMachine(provider: Client, options?: MachineOptions): Promise<TestMachine>;
  /** Ends all processes, removes all containers of its machines and all files. */
  close(): Promise<void>;
};

/** `socketPath`: a docker engine of the test's own, which may be killed. */
export type MachineOptions = {
  engine?: 'docker' | 'process';
  socketPath?: string;
  name?: string;
  /** Where it enrols and dials, when not at the server itself. */
  server?: string;
};

export type TestServer = {
  url: string;
  program: Program;
  /** The same user, at this server. */
  as(user: TestUser): Promise<Client>;
};

export type TestUser = { client: Client; id: string; signer: Signer };

export type Program = {
  pid(): number | undefined;
  kill9(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  log(): Promise<string>;
};

export type TestMachine = { id: string; name: string; stateDir: string; agent: Program };

const root = new URL('../../', import.meta.url).pathname;

/** Short timeouts, so that a test of silence takes seconds. */
export const quickPolicy: Policy = {
  ...localPolicy,
  name: 'test',
  keep_stopped_s: 86_400,
  timeouts: {
    ...localPolicy.timeouts,
    heartbeat_ms: 500,
    silent_ms: 3000,
    lost_ms: 15_000,
    accept_ms: 20_000,
    stop_s: 10,
  },
};

export async function startTestNetwork(
  options: { databaseUrl?: string; policy?: Policy; peers?: boolean } = {},
): Promise<TestNetwork> {
  const home = await mkdtemp(join(tmpdir(), 'coop-test-'));
  const policyFile = join(home, 'policy.json');
  await writeFile(policyFile, JSON.stringify(policyJson(options.policy ?? quickPolicy)));
  const agents: { agent: Program; stateDir: string }[] = [];
  const others: Program[] = [];
  const { url, server } = await serverAt(home);

  async function serverAt(at: string, env: Record<string, string> = {}): Promise<{ url: string; server: Program }> {
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const peerFlags = options.peers === true ? ['--peer-listen', '0'] : [];
    const made = program(
      ['server/src/main.ts', '--home', at, '--port', String(port), '--policy', policyFile, ...peerFlags],
      { ...(options.databaseUrl !== undefined && { DATABASE_URL: options.databaseUrl }), ...env },
      join(at, 'server.log'),
      async () => {
        await until('the server is ready', () =>
          fetch(`${serverUrl}/readyz`).then(
            (answer) => answer.ok,
            () => false,
          ),
        );
      },
    );
    return { url: serverUrl, server: made };
  }

  // A network that does not come to stand is taken down here: the caller has nothing to close.
  const admin = await startAndLogIn().catch(async (error: unknown) => {
    await server.kill9();
    await rm(home, { recursive: true, force: true });
    throw error;
  });

  async function startAndLogIn(): Promise<TestUser> {
    await server.start();
    const adminKey = (await readFile(join(home, 'network', 'admin.key'), 'utf8')).trim();
    return logIn(url, Buffer.from(adminKey, 'hex'));
  }

  return {
    url,
    home,
    server,
    admin: admin.client,
    async user(credit = 0) {
      const user = await logIn(url, randomBytes(32));
      if (credit > 0) await admin.client.admin.grant({ user_id: user.id, amount_micros: credit, reason: 'test' });
      return user;
    },
    async addServer(env) {
      const own = join(home, `server-${others.length + 2}`);
      await cp(join(home, 'network'), join(own, 'network'), { recursive: true }); // the keys are the network's
      const other = await serverAt(own, env);
      others.push(other.server);
      await other.server.start();
      return {
        url: other.url,
        program: other.server,
        as: async ({ signer }) => {
          const client = createClient({ server: other.url, key: signer });
          await client.auth.login();
          return client;
        },
      };
    },
    async addMachine(
      provider,
      { engine = 'process', socketPath, name = `m${agents.length + 1}`, server: dialled = url } = {},
    ) {
      const stateDir = join(home, name);
      await mkdir(stateDir);
      const { token } = await provider.machines.createJoinToken({ name });
      const engineFlags = ['--engine', engine, ...(socketPath === undefined ? [] : ['--engine-socket', socketPath])];
      await runOnce(
        ['agent/src/main.ts', 'enrol', '--state', stateDir, '--server', dialled, '--name', name, ...engineFlags],
        {
          COOP_JOIN_TOKEN: token,
        },
      );
      const agent = program(
        ['agent/src/main.ts', 'run', '--state', stateDir],
        {},
        join(home, `${name}.log`),
        async () => undefined,
      );
      await agent.start();
      agents.push({ agent, stateDir });
      const machine = await until(`${name} is online`, async () => {
        const { items } = await provider.machines.list();
        return items.find((item: Machine) => item.name === name && item.presence === 'online');
      });
      return { id: machine.id, name, stateDir, agent };
    },
    async close() {
      await Promise.all(agents.map(({ agent }) => agent.stop().catch(() => undefined)));
      for (const { stateDir } of agents) {
        await runOnce(['agent/src/main.ts', 'uninstall', '--state', stateDir, '--force'], {}).catch(() => undefined);
      }
      await Promise.all([server, ...others].map((each) => each.stop()));
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function logIn(url: string, secret: Uint8Array): Promise<TestUser> {
  const signer = signerFromSecret(secret);
  const client = createClient({ server: url, key: signer });
  const { user } = await client.auth.login();
  return { client, id: user.id, signer };
}

function program(args: string[], env: Record<string, string>, logFile: string, ready: () => Promise<void>): Program {
  let child: ChildProcess | undefined;
  const ended = (): boolean => child === undefined || child.exitCode !== null || child.signalCode !== null;
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    if (child === undefined || ended()) return;
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill(name);
    await gone;
  };
  return {
    pid: () => (ended() ? undefined : child?.pid),
    kill9: () => signal('SIGKILL'),
    stop: () => signal('SIGTERM'),
    async start() {
      const log = createWriteStream(logFile, { flags: 'a' });
      child = spawn(process.execPath, args, {
        cwd: root,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout?.pipe(log);
      child.stderr?.pipe(log);
      await ready();
    },
    log: () => readFile(logFile, 'utf8'),
  };
}

async function runOnce(args: string[], env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}:\n${output}`);
  return output;
}

/** Looks until `look` gives something, and gives that. Fails with `what` after a minute. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | undefined | false | null>,
  timeoutMs = 60_000,
): Promise<Value> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false && value !== null) return value;
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${what}`);
    await delay(50);
  }
}

export function specOf(change: Partial<Spec> & { command: string[] | null }): Spec {
  return { ...(structuredClone(specDefaults) as Spec), ...change };
}

/** Quote, order, run. */
export async function rent(
  client: Client,
  spec: Spec,
  options: Parameters<Client['runs']['placeOrder']>[1] = {},
): Promise<Run> {
  const quote = await client.market.quote({ spec });
  return client.runs.placeOrder(quote, options);
}

export async function untilRun(
  client: Client,
  runId: string,
  what: string,
  is: (run: Run) => boolean,
  timeoutMs?: number,
): Promise<Run> {
  let last: Run | undefined;
  return until(
    `run ${runId} is ${what}`,
    async () => {
      last = await client.runs.get(runId);
      return is(last) ? last : undefined;
    },
    timeoutMs,
  ).catch((error: unknown) => {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}; it is ${JSON.stringify({ state: last?.state, leases: last?.leases.map(({ state, phase, end_reason, end_detail }) => ({ state, phase, end_reason, end_detail })) })}`,
    );
  });
}

export const isEnded = (run: Run): boolean => run.state === 'ended';
export const isRunning = (run: Run): boolean => run.state === 'running';

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
