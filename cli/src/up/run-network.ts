import { join } from 'node:path';
import { createClient } from '@gpucoop/sdk/client.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Context } from '../contexts.ts';
import { makePrivateDirectory } from '../home.ts';
import type { Home } from '../home.ts';
import { renderStanding } from '../look/standing.ts';
import { presentedCertificate } from '../presented-certificate.ts';
import { openProgress } from '../rent/progress.ts';
import type { Terminal } from '../terminal.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { endProcess } from './end-process.ts';
import { grantTestCredit, logInHere } from './first-start.ts';
import { ownUrl } from './listen.ts';
import { newsFilter, readableLine, render } from './log-line.ts';
import { freePort, suggestion } from './ports.ts';
import { lastWords, programs, serverArgs } from './programs.ts';
import { lockHome, startOf } from './running.ts';
import type { Lock } from './running.ts';
import { readStanding } from './standing.ts';
import { leasesLeft, leftWords } from './stop-order.ts';
import { enrolThisMachine, untilOffered } from './this-machine.ts';
import type { UpWish } from './up.ts';
import { watchLeases } from './watch-leases.ts';

const READY_TIMEOUT_MS = 120_000;
const OFFERED_TIMEOUT_MS = 90_000;
const LEFT_OVER_PATIENCE_MS = 30_000;

/** `coop up` in the foreground: starts everything in order, shows what stands, and stops it in the opposite order. */
export async function runNetwork(home: Home, wish: UpWish, terminal: Terminal): Promise<number> {
  const lock = await lockHome(home);
  const stop = stopSignal();
  const network: Network = { home, wish, terminal, lock, children: [], stop: stop.signal };
  try {
    await start(network);
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }));
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return 130; // Ctrl-C while it was starting
  } finally {
    await stopAll(network, stop.signal.aborted);
    stop.forget();
    await lock.release();
  }
}

type Network = {
  home: Home;
  wish: UpWish;
  terminal: Terminal;
  lock: Lock;
  children: Child[];
  stop: AbortSignal;
  client?: Client;
  machineId?: string;
};

async function start(network: Network): Promise<void> {
  const { home, wish, terminal, lock, stop } = network;
  const progress = openProgress(terminal);
  try {
    await makePrivateDirectory(home.log);
    for (const [name, child] of Object.entries(lock.left)) {
      progress.say(`stopping a ${name} that was left over`);
      await endProcess(child, LEFT_OVER_PATIENCE_MS);
    }
    const port = await freePort(wish.host, wish.port, (next) => suggestion(wish, next));
    const url = ownUrl(wish.host, port, wish.listen !== undefined);
    await lock.update({ url });

    progress.say('starting the server');
    const listen = wish.listen?.replace(/:\d+$/, `:${port}`);
    const server = addChild(network, 'server', serverArgs(home, { ...wish, port, listen }), process.env);
    const context = await untilReady(url, server, stop);

    progress.say('logging in');
    const { client, userId } = await logInHere(home, context);
    network.client = client;
    await grantTestCredit(home, context, client, userId);

    if (wish.machine) await startAgent(network, context, client, progress.say);
    const standing = await readStanding(client, home, context, network.machineId, wish.background);
    progress.clear();
    if (terminal.json) terminal.printJson({ type: 'standing', ...standing });
    else terminal.print(`${renderStanding(standing, terminal.look, terminal.width, terminal.nowMs())}\n`);
    await lock.update({ ready: true });
  } finally {
    progress.clear();
  }
}

async function startAgent(
  network: Network,
  context: Context,
  client: Client,
  say: (text: string) => void,
): Promise<void> {
  const { home, wish, stop } = network;
  say('making this computer a machine of the network');
  const certificateFile = wish.listen === undefined ? undefined : (wish.cert ?? join(home.network, 'tls.crt'));
  network.machineId = await enrolThisMachine(home, context, client, { engine: wish.engine, certificateFile });
  say('starting the agent');
  const agent = addChild(network, 'agent', [programs.agent, 'run', '--state', home.agent], process.env);
  say('waiting until its offers are on the market');
  const giveUp = new AbortController();
  await Promise.race([
    untilOffered(client, network.machineId, OFFERED_TIMEOUT_MS, AbortSignal.any([stop, giveUp.signal])),
    agent.firstExit.then((exit) => {
      throw new CoopError('unavailable', `The agent ended at once: ${lastWords(exit.lastLines)}`, {
        hint: `Its log: ${join(home.log, 'agent.log')}`,
      });
    }),
  ]).finally(() => giveUp.abort());
  agent.settled();
  watchLeases(client, network.machineId, network.terminal, stop);
}

function addChild(
  { home, terminal, lock, children }: Network,
  name: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Child {
  const pids = (): Record<string, { pid: number; started: string | null }> =>
    Object.fromEntries(
      children.flatMap((child) =>
        child.pid === undefined ? [] : [[child.name, { pid: child.pid, started: startOf(child.pid) }]],
      ),
    );
  const { asideLook: look } = terminal;
  const isNews = newsFilter(terminal.nowMs);
  const child = startChild({
    name,
    args,
    env,
    logFile: join(home.log, `${name}.log`),
    onLine: (line) => {
      const readable = readableLine(name, line, look, new Date(terminal.nowMs()));
      if (readable !== undefined && isNews(readable)) terminal.aside(readable);
    },
    onDeath: (exit, againInMs) => {
      const how = exit.signal ?? `exit code ${exit.code}`;
      const then = againInMs === undefined ? 'It is not started again' : `It is started again in ${againInMs / 1000} s`;
      // Whoever was killed did not know, so that his last words are about something else.
      const words = exit.signal === null ? ` ${lastWords(exit.lastLines)}` : '';
      const text = `${how}. ${then}.${words}`;
      terminal.aside(render(name, new Date(terminal.nowMs()).toISOString(), look.bad('ended'), text, look));
    },
    onPid: () => setImmediate(() => void lock.update({ children: pids() })),
  });
  children.push(child);
  return child;
}

const LOOK_AGAIN_MS = 100;

/** Until the server says that it can do its work; then how it is to be trusted. */
async function untilReady(url: string, server: Child, stop: AbortSignal): Promise<Context> {
  const untilMs = performance.now() + READY_TIMEOUT_MS;
  let died: CoopError | undefined;
  void server.firstExit.then((exit) => {
    died = new CoopError('unavailable', `The server ended at once: ${lastWords(exit.lastLines)}`, {
      hint: 'Its log lies in $COOP_HOME/log/server.log.',
    });
  });
  for (;;) {
    stop.throwIfAborted();
    if (died !== undefined) throw died;
    const context = await askReady(url);
    if (context !== undefined) {
      server.settled();
      return context;
    }
    if (performance.now() > untilMs)
      throw new CoopError('timeout', `The server is not ready after ${READY_TIMEOUT_MS / 1000} seconds.`, {
        hint: 'Its log lies in $COOP_HOME/log/server.log.',
      });
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

async function askReady(url: string): Promise<Context | undefined> {
  try {
    const shown = await presentedCertificate(url);
    const context: Context = shown === undefined ? { server: url } : { server: url, fingerprint: shown.fingerprint };
    const client = createClient({
      server: url,
      retry: { attempts: 1 },
      ...(shown !== undefined && { tls: { fingerprint: shown.fingerprint } }),
    });
    const { status } = await client.ready();
    await client.close();
    return status === 'ok' ? context : undefined;
  } catch (error) {
    if (error instanceof CoopError) return undefined;
    throw error;
  }
}

async function stopAll({ children, terminal, client, machineId, wish }: Network, asked: boolean): Promise<void> {
  if (asked) terminal.aside(`\nstopping …`);
  const left = asked ? await leasesLeft(client, machineId) : undefined;
  const killNow = (): void => children.forEach((child) => child.kill());
  const impatient = onSecondSignal(killNow);
  // The agent first: its last heartbeat should still find the server.
  for (const child of children.toReversed()) await child.stop();
  impatient.forget();
  if (asked && !wish.background) terminal.aside(leftWords(left));
  else if (asked) terminal.aside('stopped');
}

const SAME_PRESS_MS = 300; // npm and the terminal may both pass on the same Ctrl-C

function stopSignal(): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort(new Error('asked to stop'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  return { signal: controller.signal, forget: () => signals.forEach((name) => process.off(name, onSignal)) };
}

function onSecondSignal(act: () => void): { forget: () => void } {
  const sinceMs = performance.now();
  const onSignal = (): void => {
    if (performance.now() - sinceMs > SAME_PRESS_MS) act();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { forget: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}
