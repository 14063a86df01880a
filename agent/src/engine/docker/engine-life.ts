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
  const names = new Set([
    socketPath,
    socketPath.replace(/^\/var\/run\//, '/run/'),
    socketPath.replace(/^\/run\//, '/var/run/'),
  ]);
  // Not process 1, which holds the socket too where systemd started the engine.
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name) && name !== '1');
  for (const pid of pids) {
    // Most processes need not be looked through.
    const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (!/docker|podman/.test(command)) continue;
    // Sockets are listed by network namespace, so the list is the process's own.
    const sockets = (await readFile(`/proc/${pid}/net/unix`, 'utf8').catch(() => ''))
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    const inodes = new Set(
      sockets.flatMap(([, , , , , , inode, path]) =>
        path !== undefined && names.has(path) ? [`socket:[${inode}]`] : [],
      ),
    );
    if (inodes.size === 0) continue;
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
  const uptimeS = Number.parseFloat(await readFile('/proc/uptime', 'utf8').catch(() => ''));
  // The command's name may hold spaces and brackets; the fields after its last bracket do not. Start time is field 22.
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  if (ticks === undefined || Number.isNaN(uptimeS)) return undefined;
  return new Date(Date.now() - (uptimeS - Number(ticks) / CLOCK_TICKS_PER_S) * 1000);
}
