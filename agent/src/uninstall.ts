import { access, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Engine } from './engine/engine.ts';
import { removeService, type ServiceOptions } from './service.ts';
import { lockHolder } from './state-lock.ts';

export type UninstallOptions = {
  stateDir: string;
  /** Where the join script put Node, the agent and `coop-agent`; null when the agent runs from elsewhere. */
  installDir: string | null;
  /** null: no engine answers, so its containers stay. */
  engine: Pick<Engine, 'list' | 'stop' | 'remove'> | null;
  /** Firewall rules and network of this agent. */
  removeIsolation(): Promise<void>;
  service: Omit<ServiceOptions, 'command'>;
  /** The server removed the machine, and this is the running agent itself. */
  inside: boolean;
  /** End leases that still run, and forget what cannot be removed; otherwise both are a reason to stop. */
  endLeases: boolean;
  graceS?: number;
};

export type Uninstalled = { removed: string[]; left: { what: string; reason: string }[] };

/** Takes everything away that joining brought: service, containers, network rules, key and files. Idempotent. */
export async function uninstall(options: UninstallOptions): Promise<Uninstalled> {
  const result: Uninstalled = { removed: [], left: [] };
  const step = async (what: string, act: () => Promise<boolean>) => {
    try {
      if (await act()) result.removed.push(what);
    } catch (error) {
      result.left.push({ what, reason: (error as Error).message });
    }
  };
  if (!options.endLeases) await assertNoLeases(options);
  await step('service', async () => (await removeService(options.service, options.inside)).removed);
  assertNotRunning(options);
  // Without its key no agent was here, and nothing in the engine is its own.
  if (await isThere(join(options.stateDir, 'agent.key'))) {
    await step('containers', () => removeContainers(options));
    await step('network rules', async () => {
      await options.removeIsolation();
      return true;
    });
  }
  // Without key and state a second try could not find what is left; --force gives it up.
  if (result.left.length > 0 && !options.endLeases) return result;
  await step('key and state', () => removeState(options.stateDir));
  const { installDir } = options;
  if (installDir !== null) await step('program files', () => removeProgram(installDir));
  return result;
}

async function assertNoLeases({ engine }: UninstallOptions): Promise<void> {
  const running = ((await engine?.list()) ?? []).filter((container) => container.state.running);
  if (running.length === 0) return;
  throw new CoopError(
    'wrong_state',
    `${running.length} ${running.length === 1 ? 'lease runs' : 'leases run'} on this machine.`,
    {
      hint: 'Let them end first: coop machine drain MACHINE   or end them now, unpaid: coop-agent uninstall --force',
      details: { leases: running.map((container) => container.lease_id) },
    },
  );
}

function assertNotRunning({ stateDir, inside }: UninstallOptions): void {
  const holder = lockHolder(stateDir);
  if (inside || holder === undefined || holder === process.pid) return;
  throw new CoopError('wrong_state', `The agent still runs (process ${holder}).`, {
    hint: `Stop it first: kill ${holder}`,
  });
}

async function removeContainers({ engine, graceS = 10 }: UninstallOptions): Promise<boolean> {
  if (engine === null) throw new Error('the container engine does not answer');
  const own = await engine.list();
  await Promise.all(
    own.map(async (container) => {
      await engine.stop(container.container_id, graceS);
      await engine.remove(container.container_id);
    }),
  );
  return own.length > 0;
}

/** Only a directory that an agent made: a mistyped --state must not cost anybody his files. */
async function removeState(stateDir: string): Promise<boolean> {
  if (!(await isThere(join(stateDir, 'agent.key')))) return false;
  await rm(stateDir, { recursive: true, force: true });
  return true;
}

const programFiles = ['coop-agent', 'agent.mjs', 'server.pem', 'bin/node'];

/** What the join script wrote, by name; then the directories, if nothing else is in them. */
async function removeProgram(installDir: string): Promise<boolean> {
  if (!(await isThere(join(installDir, 'agent.mjs')))) return false;
  for (const name of programFiles) await rm(join(installDir, name), { force: true });
  for (const directory of [join(installDir, 'bin'), installDir]) {
    if ((await readdir(directory).catch(() => ['absent'])).length === 0) await rmdir(directory);
  }
  return true;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
