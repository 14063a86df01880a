/** When the owner's own use takes a device off the market. Values in, values out: `owner-use.ts` samples and asks these. */

/** A process on a GPU, as the driver lists it. `own`: it belongs to one of our leases; null: /proc could not tell. */
export type GpuProcess = { pid: number; name: string; type: string; memoryMib: number | null; own: boolean | null };

export type DeviceUse = {
  owner_busy: boolean;
  owner_process: string | null;
  utilization_percent: number | null;
  memory_used_mib: number | null;
};

export type GpuMemory = { busyPids: ReadonlySet<number>; owner_process: string | null; lastUsedMs: number | null };

/** After the owner's last process has left, a GPU stays off the market for this long: a script's next step often follows. */
export const GPU_CALM_MS = 30_000;

/**
 * Any compute process (C, C+G) that is not ours is the owner's use, however small. Pure graphics (G) is use when it holds more
 * memory than a desktop that merely stands there: 1 GiB for a display server or compositor, 128 MiB for anything else drawn.
 */
export function isUse({ type, name, memoryMib }: Pick<GpuProcess, 'type' | 'name' | 'memoryMib'>): boolean {
  if (type !== 'G') return true;
  const display = isDisplayServer(name);
  return memoryMib === null ? !display : memoryMib > (display ? DISPLAY_MAX_MIB : DRAWN_MAX_MIB);
}

const DISPLAY_MAX_MIB = 1024;
const DRAWN_MAX_MIB = 128;
const displayServers =
  /^(Xorg|X|Xwayland|gnome-shell|mutter|kwin|kwin_x11|kwin_wayland|plasmashell|cinnamon|xfwm4|sway|weston|Hyprland|labwc|gdm.*|sddm.*|lightdm.*)$/;

export function isDisplayServer(name: string): boolean {
  return displayServers.test(programName(name));
}

/** The program without its directory and arguments: those are the owner's business. */
export function programName(name: string): string {
  const program = name.trim().split(/\s+/)[0] ?? '';
  return program.slice(program.lastIndexOf('/') + 1);
}

/**
 * One GPU, one sample later. A process of which /proc could not tell whose it is (it may just have ended with its lease) counts
 * only when the sample before had it too.
 */
export function nextGpuUse(
  before: GpuMemory | undefined,
  processes: readonly GpuProcess[],
  nowMs: number,
  calmMs: number = GPU_CALM_MS,
): GpuMemory & { owner_busy: boolean } {
  const suspects = processes.filter((process) => process.own !== true && isUse(process));
  const users = suspects.filter((process) => process.own === false || before?.busyPids.has(process.pid) === true);
  const busyPids = new Set(suspects.map((process) => process.pid));
  if (users.length > 0) {
    const largest = users.reduce((a, b) => ((b.memoryMib ?? 0) > (a.memoryMib ?? 0) ? b : a));
    return {
      busyPids,
      owner_process: programName(largest.name) || `process ${largest.pid}`,
      lastUsedMs: nowMs,
      owner_busy: true,
    };
  }
  const lastUsedMs = before?.lastUsedMs ?? null;
  const calming = lastUsedMs !== null && nowMs - lastUsedMs < calmMs;
  return { busyPids, owner_process: calming ? (before?.owner_process ?? null) : null, lastUsedMs, owner_busy: calming };
}

/** Cumulative seconds of CPU time: of the whole machine, and of each of our leases. */
export type CpuSample = { atMs: number; busySeconds: number; ownSeconds: ReadonlyMap<string, number> };

export const CPU_WINDOW_MS = 30_000;
const CPU_BUSY_SHARE = 0.25;
const CPU_CALM_SHARE = 0.1;

/**
 * The owner's share of all CPUs over the samples, oldest first; null when they cover too little to judge. An interval in which a
 * lease of ours ended is left out: what it used since its last sample is not known and would look like the owner's.
 */
export function ownerCpuShare(
  samples: readonly CpuSample[],
  cpus: number,
  windowMs: number = CPU_WINDOW_MS,
): number | null {
  let coveredMs = 0;
  let ownerSeconds = 0;
  for (const [index, after] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined || [...before.ownSeconds.keys()].some((id) => !after.ownSeconds.has(id))) continue;
    let own = 0;
    for (const [id, seconds] of after.ownSeconds) own += seconds - (before.ownSeconds.get(id) ?? 0);
    coveredMs += after.atMs - before.atMs;
    ownerSeconds += Math.max(0, after.busySeconds - before.busySeconds - own);
  }
  return coveredMs < windowMs * 0.8 ? null : ownerSeconds / ((coveredMs / 1000) * cpus);
}

/** Busy above a quarter of all CPUs, calm again below a tenth; between them it stays as it was. */
export function nextCpuBusy(busy: boolean, share: number | null): boolean {
  if (share === null) return busy;
  return busy ? share >= CPU_CALM_SHARE : share > CPU_BUSY_SHARE;
}

/** The samples that the window still needs: the newest one at or beyond its far edge, and all after it. */
export function withinWindow(
  samples: readonly CpuSample[],
  nowMs: number,
  windowMs: number = CPU_WINDOW_MS,
): CpuSample[] {
  const edge = samples.findLastIndex((sample) => nowMs - sample.atMs >= windowMs);
  return samples.slice(Math.max(0, edge));
}
