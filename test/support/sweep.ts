import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { removeIsolation } from '@gpucoop/agent/engine/isolation/isolation.ts';
import { isolationNames } from '@gpucoop/agent/engine/isolation/names.ts';
import { STATE_LABEL } from '@gpucoop/agent/engine/isolation/network.ts';
import { removeStray } from '@gpucoop/agent/engine/strays.ts';
import { within } from '@gpucoop/agent/engine/within.ts';
import { netnsOf, removeNetns } from './netns.ts';
import { processesOf, removeRemains } from './remains.ts';
import { isOfDeadRun, RUN_PREFIX } from './run-owner.ts';

/** In a test bed's directory: whose containers, network and rules are its. */
export const AGENT_FILE = 'agent-id';

export async function sweepDeadRuns(outer: string): Promise<void> {
  const folders = readdirSync(outer).filter((name) => name.startsWith(RUN_PREFIX));
  for (const folder of folders.map((name) => join(outer, name))) if (isOfDeadRun(folder)) await endRun(folder);
}

/** All that one run left: processes, what its agents have in docker and the firewall, namespaces, mounts, files. Spares its runner. */
export async function endRun(folder: string): Promise<void> {
  try {
    for (const pid of processesOf(folder)) kill(pid);
    await removeAgents(folder);
    for (const name of netnsOf(folder)) removeNetns(name, folder);
    removeRemains(folder);
  } catch (error) {
    process.stderr.write(`not all that a test run left in ${folder} could be removed: ${(error as Error).message}\n`);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended with another.
  }
}

async function removeAgents(folder: string): Promise<void> {
  const docker = existsSync('/var/run/docker.sock') ? new Docker() : undefined;
  const inDocker = docker === undefined ? [] : await agentsOfNetworks(docker, folder);
  for (const agentId of new Set([...notedAgents(folder), ...inDocker])) {
    if (docker === undefined) await removeIsolation(agentId);
    else await removeStray(docker, { agentId, stateDir: folder });
    removeBridge(agentId);
  }
}

function notedAgents(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name, AGENT_FILE))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'));
}

async function agentsOfNetworks(docker: Docker, folder: string): Promise<string[]> {
  const networks = await within(30_000, 'list networks', () =>
    docker.listNetworks({ filters: { label: ['coop.agent', STATE_LABEL] } }),
  );
  return networks
    .filter(({ Labels: labels }) => labels?.[STATE_LABEL]?.startsWith(`${folder}/`) === true)
    .map(({ Labels: labels }) => labels!['coop.agent']!);
}

/** podman's, whose own notes of it lie in the folder. */
function removeBridge(agentId: string): void {
  try {
    execFileSync('ip', ['link', 'del', isolationNames(agentId).bridge], { stdio: 'ignore' });
  } catch {
    // docker took it away with its network.
  }
}
