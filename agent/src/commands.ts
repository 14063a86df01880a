import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { EngineInfo } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { startAgent } from './agent.ts';
import type { Arguments } from './arguments.ts';
import { openKey, readConfig, type AgentConfig } from './config.ts';
import { detectMachine, type DetectOptions } from './devices/detect.ts';
import { runDoctor } from './doctor.ts';
import { enrol } from './enrol.ts';
import { openEngine, type Engine } from './engine/engine.ts';
import { connectContainerEngine } from './engine/docker/client.ts';
import { findStrays, removeStray } from './engine/strays.ts';
import { removeIsolation } from './engine/isolation/isolation.ts';
import { openLog } from './log.ts';
import { isLoopback } from './server-connection.ts';
import { installService, removeService, REMOVED_EXIT_CODE, serviceStatus } from './service.ts';
import { lockHolder, lockState } from './state-lock.ts';
import { readStatus } from './status.ts';
import { readTerms } from './terms.ts';
import { uninstall, type Uninstalled } from './uninstall.ts';
import { agentVersion } from './version.ts';

export async function run(args: Arguments): Promise<number> {
  const { stateDir } = args;
  const log = openLog(process.env);
  const config = await readConfig(stateDir);
  const lock = await lockState(stateDir);
  try {
    const engine = await openAgentEngine(args, config, config.machine_id);
    if ((await engine.info()).name !== 'process')
      warnOfStrays(args, log).catch((error: unknown) => log.warn({ err: error }, 'strays were not looked for'));
    const agent = await startAgent({
      stateDir,
      config,
      signer: await openKey(stateDir),
      engine,
      detect: detectOptions(args),
      log,
    });
    const end = await Promise.race([agent.ended, signalled()]);
    if (end !== 'signal') log.warn({ machine_id: config.machine_id }, 'this machine is no longer part of the network');
    await agent.close();
    const removed = end === 'told' ? await leaveClean(args, engine, config, log.info.bind(log)) : [];
    await engine.close();
    // Without its unit systemd starts nobody again, and would keep the memory of a failed service that is not there.
    return end === 'signal' || removed.includes('service') ? 0 : REMOVED_EXIT_CODE;
  } finally {
    lock.release();
  }
}

export async function enrolHere(args: Arguments): Promise<number> {
  const { server, token, stateDir } = args;
  if (server === undefined || token === undefined) {
    throw new CoopError('invalid_request', 'enrol needs --server and --token.', {
      hint: 'Run the line that `coop machine add` prints.',
    });
  }
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const address = { server, engine: args.engine ?? 'auto', engine_socket: args.engineSocket };
  const lock = await lockState(stateDir);
  try {
    const detectFacts = async () => {
      return { ...(await detectMachine(detectOptions(args))), engine: await engineFacts(args, address) };
    };
    const config = await enrol({ ...args, server, token, engine: address.engine, detectFacts });
    print(
      args,
      { machine_id: config.machine_id, server: config.server },
      `This computer is machine ${config.machine_id} of ${config.server}.`,
    );
    return 0;
  } finally {
    lock.release();
  }
}

/** What the engine is, asked by a machine that has no id yet: the rules that were tried out are taken away again. */
async function engineFacts(args: Arguments, address: Parameters<typeof openAgentEngine>[1]): Promise<EngineInfo> {
  const agentId = `asking-${process.pid}`;
  const engine = await openAgentEngine(args, address, agentId);
  try {
    return await engine.info();
  } finally {
    await engine.leave();
    await engine.close();
  }
}

/** 0 when enrolled, whether it runs or not. */
export async function status(args: Arguments): Promise<number> {
  const config = await readConfig(args.stateDir);
  const process_id = lockHolder(args.stateDir) ?? null;
  const last = (await readStatus(args.stateDir)) ?? null;
  const { machine_id, name, server } = config;
  const now = process_id === null || last === null ? null : last;
  const lines = [
    `machine  ${machine_id} (${name})`,
    `server   ${server}`,
    `agent    ${process_id === null ? 'does not run' : `process ${process_id}`}`,
    ...(now === null
      ? []
      : [
          `link     ${now.link.state}${now.link.detail === null ? '' : `: ${now.link.detail}`}`,
          `engine   ${now.engine.name} ${now.engine.version}`,
        ]),
    ...(now === null
      ? []
      : [`leases   ${now.leases.map((lease) => `${lease.id} ${lease.state}`).join('\n         ') || 'none'}`]),
  ];
  print(args, { machine_id, name, server, process_id, ...now }, lines.join('\n'));
  return 0;
}

export async function doctor(args: Arguments): Promise<number> {
  const config = await readConfig(args.stateDir).catch(() => null);
  const askEngine = async () => {
    if (config === null) return engineFacts(args, null);
    const engine = await openAgentEngine(args, config, config.machine_id);
    return engine.info().finally(() => engine.close());
  };
  const terms = await readTerms(args.stateDir);
  const checks = await runDoctor({ ...detectOptions(args), server: config, engine: askEngine, terms });
  const marks = { ok: 'ok  ', warning: 'warn', failed: 'FAIL' };
  const width = Math.max(...checks.map((check) => check.name.length));
  const lines = checks.map(({ status: mark, name, found, hint }) => {
    return `${marks[mark]}  ${name.padEnd(width)}  ${found}${hint === null ? '' : `\n${' '.repeat(width + 8)}-> ${hint}`}`;
  });
  print(args, checks, lines.join('\n'));
  return checks.some((check) => check.status === 'failed') ? 1 : 0;
}

export async function installedService(args: Arguments): Promise<number> {
  const { stateDir } = args;
  if (args.serviceVerb === 'remove') {
    const { removed } = await removeService({ stateDir });
    print(args, { removed }, removed ? 'The service is removed; leases that run go on.' : 'There is no service.');
    return 0;
  }
  if (args.serviceVerb === 'install') await readConfig(stateDir); // not before it is enrolled
  const command = [process.execPath, ...process.execArgv, process.argv[1]!, 'run', '--state', stateDir];
  const env = args.installDir === null ? {} : { COOP_AGENT_DIR: args.installDir };
  const state =
    args.serviceVerb === 'install'
      ? await installService({ command, stateDir, env })
      : await serviceStatus({ stateDir });
  const words = !state.installed ? 'not installed' : state.active ? 'installed and running' : 'installed, not running';
  print(args, state, `The service is ${words}.\n  its log: ${state.logs}`);
  return state.installed && state.active ? 0 : 1;
}

export async function uninstallHere(args: Arguments): Promise<number> {
  if (args.strays) return sayUninstalled(args, await removeStrays(args));
  const config = await readConfig(args.stateDir).catch(() => null);
  const engine = config === null ? null : await openAgentEngine(args, config, config.machine_id).catch(() => null);
  const done = await removeAll(args, engine, config, { inside: false, endLeases: args.force });
  await engine?.close();
  // No agent of this directory: then what one left that was deleted with its directory is what is meant.
  const strays = config === null ? await removeStrays(args) : { removed: [], left: [] };
  return sayUninstalled(args, { removed: [...done.removed, ...strays.removed], left: [...done.left, ...strays.left] });
}

function sayUninstalled(args: Arguments, { removed, left }: Uninstalled): number {
  const lines = [
    ...removed.map((what) => `removed  ${what}`),
    ...left.map(({ what, reason }) => `left     ${what}: ${reason}`),
  ];
  print(args, { removed, left }, lines.join('\n') || 'There was nothing to remove.');
  return left.length === 0 ? 0 : 1;
}

async function removeStrays(args: Arguments): Promise<Uninstalled> {
  const connection = await connectContainerEngine(engineAt(args));
  const result: Uninstalled = { removed: [], left: [] };
  if (connection === undefined) return result;
  for (const stray of await findStrays(connection.docker)) {
    const what = `what the agent of ${stray.stateDir} left`;
    try {
      await removeStray(connection.docker, stray);
      result.removed.push(what);
    } catch (error) {
      result.left.push({ what, reason: (error as Error).message });
    }
  }
  return result;
}

async function warnOfStrays(args: Arguments, log: Logger): Promise<void> {
  const connection = await connectContainerEngine(engineAt(args));
  const strays = connection === undefined ? [] : await findStrays(connection.docker);
  for (const { agentId, stateDir } of strays)
    log.warn(
      { agentId },
      `the agent of ${stateDir}, which is gone, left containers or a network: coop agent uninstall --strays`,
    );
}

function engineAt(args: Arguments): Parameters<typeof connectContainerEngine>[0] {
  const socket = args.engineSocket === null ? {} : { socketPath: args.engineSocket };
  return { kind: 'auto', log: openLog(process.env), ...socket };
}

async function leaveClean(
  args: Arguments,
  engine: Engine,
  config: AgentConfig,
  say: (fields: object, message: string) => void,
): Promise<string[]> {
  const { removed, left } = await removeAll(args, engine, config, { inside: true, endLeases: true });
  say({ removed, left }, 'this computer is as it was before it joined');
  return removed;
}

function removeAll(
  args: Arguments,
  engine: Engine | null,
  config: AgentConfig | null,
  how: { inside: boolean; endLeases: boolean },
) {
  const { stateDir, installDir } = args;
  const removeRules = async () => {
    if (engine !== null) return engine.leave();
    if (config !== null) await removeIsolation(config.machine_id); // no engine answers: its rules at least
  };
  return uninstall({ stateDir, installDir, engine, removeIsolation: removeRules, service: { stateDir }, ...how });
}

type EngineChoice = Pick<AgentConfig, 'server' | 'engine' | 'engine_socket'>;

async function openAgentEngine(args: Arguments, config: EngineChoice | null, agentId: string): Promise<Engine> {
  const local = config === null || isLoopback(config.server);
  const socketPath = args.engineSocket ?? config?.engine_socket ?? null;
  const engine = await openEngine({
    agentId,
    stateDir: args.stateDir,
    kind: args.engine ?? config?.engine ?? 'auto',
    ...(socketPath !== null && { socketPath }),
    simulateGpus: args.simulateGpus,
    ownImages: local,
    log: openLog(process.env),
  });
  if (local || (await engine.info()).name !== 'process') return engine;
  await engine.close();
  throw new CoopError(
    'unavailable',
    'Neither docker nor podman answers on this computer, and strangers get no plain processes.',
    {
      hint: 'Install docker or podman, start it, and let this user use its socket.',
    },
  );
}

const detectOptions = ({ stateDir }: Arguments): DetectOptions => ({ stateDir, agentVersion });

/** The first signal ends the agent in order; a second one ends it at once. */
function signalled(): Promise<'signal'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve('signal'));
  });
}

function print({ json }: Arguments, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
}
