import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import type { OwnContainer } from './devices/owner-use.ts';

const PLAIN = 'process-'; // what the process engine calls its containers, before the lease's id

/**
 * The first process of each running container: the one with the lowest start time in its control group, or, of plain processes, in
 * the lease's directory, which is where their supervisor stands.
 */
export async function findFirstProcesses(containerIds: readonly string[], procRoot = '/proc'): Promise<OwnContainer[]> {
  if (containerIds.length === 0) return [];
  const first = new Map<string, { pid: number; startedAt: number }>();
  for (const name of await readdir(procRoot).catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const group = await readText(`${procRoot}/${name}/cgroup`);
    const place = containerIds.some((id) => id.startsWith(PLAIN))
      ? basename(await readlink(`${procRoot}/${name}/cwd`).catch(() => ''))
      : '';
    const id = containerIds.find((containerId) => group.includes(containerId) || containerId === PLAIN + place);
    if (id === undefined) continue;
    const stat = await readText(`${procRoot}/${name}/stat`);
    const startedAt = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const known = first.get(id);
    if (Number.isFinite(startedAt) && (known === undefined || startedAt < known.startedAt))
      first.set(id, { pid: Number(name), startedAt });
  }
  return [...first].map(([id, { pid }]) => ({ id, pid }));
}

/** Empty when the process has gone meanwhile. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
