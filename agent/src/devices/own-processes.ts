import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupCpuSeconds, type Roots } from './cgroup.ts';

/**
 * A running lease of ours: the engine's container id, which its control group is named after, and its first process on the
 * host. A plain process has no group of its own and needs the pid; null: it is found by the group.
 */
export type OwnContainer = { id: string; pid: number | null };

/** USER_HZ: what /proc counts in. 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Whether a process belongs to one of our leases: by its control group, or by descent. null: /proc does not show it. */
export async function isOwnProcess(pid: number, own: readonly OwnContainer[], roots: Roots): Promise<boolean | null> {
  const group = await readText(join(roots.procRoot, String(pid), 'cgroup'));
  if (group === null) return null;
  if (own.some((container) => group.includes(container.id))) return true;
  const firstPids = new Set(own.flatMap((container) => container.pid ?? []));
  for (
    let ancestor: number | null = pid;
    ancestor !== null && ancestor > 1;
    ancestor = await parentOf(ancestor, roots)
  ) {
    if (firstPids.has(ancestor)) return true;
  }
  return false;
}

/** CPU seconds used since boot by everything, and the number of CPUs online. */
export async function readMachineCpu(roots: Roots): Promise<{ busySeconds: number; cpus: number }> {
  const stat = await readFile(join(roots.procRoot, 'stat'), 'utf8');
  const total = /^cpu +(.+)$/m.exec(stat)?.[1]?.split(/\s+/).map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = total;
  return {
    busySeconds: (user + nice + system + irq + softirq) / TICKS_PER_SECOND,
    cpus: Math.max(1, stat.match(/^cpu\d+ /gm)?.length ?? 1),
  };
}

/** CPU seconds of each of our leases since it began, this agent itself among them. */
export async function ownCpuSeconds(own: readonly OwnContainer[], roots: Roots): Promise<Map<string, number>> {
  const { user, system } = process.cpuUsage();
  const seconds = new Map([['agent', (user + system) / 1e6]]);
  if (own.length === 0) return seconds;
  const processes = await allProcesses(roots);
  for (const { id, pid } of own) {
    const member = [...processes].find(([, process]) => process.group.includes(id))?.[0];
    const used = member === undefined ? null : await cgroupCpuSeconds(member, id, roots);
    if (used !== null) seconds.set(id, used);
    else if (pid !== null && processes.has(pid)) seconds.set(id, treeSeconds(pid, processes));
  }
  return seconds;
}

type ProcessStat = { parent: number; seconds: number; group: string };

/** With the children that have already ended, as far as their parents waited for them. */
function treeSeconds(rootPid: number, processes: Map<number, ProcessStat>): number {
  let seconds = 0;
  const pending = [rootPid];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    seconds += processes.get(pid)?.seconds ?? 0;
    for (const [child, { parent }] of processes) if (parent === pid) pending.push(child);
  }
  return seconds;
}

async function allProcesses(roots: Roots): Promise<Map<number, ProcessStat>> {
  const pids = (await readdir(roots.procRoot)).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(async (pid) => [pid, await readStat(pid, roots)] as const));
  return new Map(stats.flatMap(([pid, stat]) => (stat === null ? [] : [[pid, stat]])));
}

async function parentOf(pid: number, roots: Roots): Promise<number | null> {
  return (await readStat(pid, roots))?.parent ?? null;
}

/** The name in parentheses may hold anything, even parentheses: the fields are counted from the last one. */
async function readStat(pid: number, roots: Roots): Promise<ProcessStat | null> {
  const [text, group] = await Promise.all(
    ['stat', 'cgroup'].map((name) => readText(join(roots.procRoot, String(pid), name))),
  );
  if (text === null || text === undefined) return null;
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
  return { parent, seconds: ticks / TICKS_PER_SECOND, group: group ?? '' };
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}
