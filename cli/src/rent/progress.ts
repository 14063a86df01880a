import { formatBytes, formatDuration } from '@gpucoop/protocol/sizes.ts';
import type { Lease } from '@gpucoop/protocol/resources.ts';
import { plain, truncate } from '../look/text.ts';
import type { Terminal } from '../terminal.ts';

/** What the start of a lease is doing. On a terminal one line that changes; elsewhere a line for each new phase. */

export type Progress = {
  show: (lease: Pick<Lease, 'phase' | 'pulled_bytes' | 'total_bytes'>) => void;
  say: (text: string) => void;
  /** Takes the changing line away. */
  clear: () => void;
};

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const TICK_MS = 100;

export function openProgress(terminal: Terminal): Progress {
  return terminal.stderr.isTTY === true ? changingLine(terminal) : plainLines(terminal);
}

function changingLine(terminal: Terminal): Progress {
  const startedMs = terminal.nowMs();
  const rate = rateMeter();
  let text = '';
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    frame = (frame + 1) % FRAMES.length;
    const line = `${FRAMES[frame]} ${text}  ${formatDuration((terminal.nowMs() - startedMs) / 1000)}`;
    terminal.stderr.write(`\r\u001B[2K${truncate(line, terminal.asideWidth - 1)}`);
  };
  const clear = (): void => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    terminal.stderr.write('\r\u001B[2K');
  };
  const set = (next: string): void => {
    text = next;
    timer ??= setInterval(draw, TICK_MS).unref();
    draw();
  };
  return {
    show: (lease) => set(phaseLine(lease, rate(lease.pulled_bytes, terminal.nowMs()))),
    say: (next) => set(plain(next)),
    clear,
  };
}

function plainLines(terminal: Terminal): Progress {
  let last = '';
  const say = (text: string): void => {
    if (text === last) return;
    last = text;
    terminal.aside(terminal.asideLook.dim(plain(text)));
  };
  return { show: ({ phase, total_bytes }) => say(phaseText(phase, total_bytes)), say, clear: () => {} };
}

const phaseWords = {
  pulling: 'pulling the image',
  creating: 'creating the container',
  starting: 'starting',
  probing: 'waiting until it is ready',
} as const satisfies Record<NonNullable<Lease['phase']>, string>;

function phaseText(phase: Lease['phase'], totalBytes: number | null): string {
  const words = phase === null ? 'asking the machine' : phaseWords[phase];
  return phase === 'pulling' && totalBytes !== null ? `${words}, ${formatBytes(totalBytes)}` : words;
}

const BAR = 20;

/** `pulling the image ████████░░░░░░░░░░░░ 1.2 GiB of 3 GiB, 41.3 MiB/s, 45s left`. */
export function phaseLine(
  { phase, pulled_bytes, total_bytes }: Pick<Lease, 'phase' | 'pulled_bytes' | 'total_bytes'>,
  bytesPerSecond: number | undefined,
): string {
  const words = phaseText(phase, null);
  if (phase !== 'pulling' || pulled_bytes === null) return words;
  if (total_bytes === null || total_bytes === 0) return `${words}  ${formatBytes(pulled_bytes)}`;
  const done = Math.min(1, pulled_bytes / total_bytes);
  const bar = '█'.repeat(Math.round(done * BAR)).padEnd(BAR, '░');
  const speed =
    bytesPerSecond === undefined
      ? ''
      : `, ${formatBytes(bytesPerSecond)}/s, ${formatDuration((total_bytes - pulled_bytes) / bytesPerSecond)} left`;
  return `${words} ${bar} ${formatBytes(pulled_bytes)} of ${formatBytes(total_bytes)}${speed}`;
}

const RATE_WINDOW_MS = 5000;

/** Bytes per second over the last seconds; undefined until two points are a second apart. */
export function rateMeter(): (bytes: number | null, nowMs: number) => number | undefined {
  let points: { bytes: number; atMs: number }[] = [];
  return (bytes, nowMs) => {
    if (bytes === null) return undefined;
    points = [...points.filter(({ atMs }) => nowMs - atMs <= RATE_WINDOW_MS), { bytes, atMs: nowMs }];
    const first = points[0]!;
    const seconds = (nowMs - first.atMs) / 1000;
    return seconds < 1 || bytes <= first.bytes ? undefined : (bytes - first.bytes) / seconds;
  };
}
