import { readdir, readFile, readlink } from 'node:fs/promises';

/** The kernel's unit of process start times; 100 on every Linux that Node runs on. */
const CLOCK_TICKS_PER_S = 100;

/**
 * When the process behind an engine's socket was started: the engine does not say so itself. Found by the socket's inode among the
 * open files of processes, else by the pid file of the system's docker. undefined where neither may be read.
 */
export async function engineStartedAt(socketPath: string): Promise<Date | undefined> {
  const pid = (await listenerOf(socketPath)) ?? (await pidFileOf(socketPath));
  return pid === undefined ? undefined : processStartedAt(pid);
}

async function listenerOf(socketPath: string): Promise<number | undefined> {
  const lines = (await readFile('/proc/net/unix', 'utf8').catch(() => '')).split('\n');
  const names = new Set([socketPath, socketPath.replace(/^\/var\/run\//, '/run/'), socketPath.replace(/^\/run\//, '/var/run/')]);
  const inodes = new Set(lines.map((line) => line.trim().split(/\s+/)).flatMap(([, , , , , , inode, path]) => (path !== undefined && names.has(path) ? [`socket:[${inode}]`] : [])));
  if (inodes.size === 0) return undefined;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name) && name !== '1');
  for (const pid of pids) {
    // Most processes hold no such socket and need not be looked through.
    const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (!/docker|podman/.test(command)) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if (inodes.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) return Number(pid);
    }
  }
  return undefined;
}

async function pidFileOf(socketPath: string): Promise<number | undefined> {
  if (!/^(\/var)?\/run\/docker\.sock$/.test(socketPath)) return undefined;
  const pid = Number.parseInt(await readFile('/var/run/docker.pid', 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) ? pid : undefined;
}

async function processStartedAt(pid: number): Promise<Date | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const boot = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8').catch(() => ''))?.[1];
  // The command's name may hold spaces and brackets; the fields after its last bracket do not. Start time is field 22.
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  if (ticks === undefined || boot === undefined) return undefined;
  return new Date((Number(boot) + Number(ticks) / CLOCK_TICKS_PER_S) * 1000);
}
