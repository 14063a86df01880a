import { plain } from '../look/text.ts';
import type { Look } from '../look/colours.ts';
import { clockTime } from '../look/units.ts';

/** What of a child's log a person sees: warnings, errors, and last words (`coop-agent: …`). The whole log lies in $COOP_HOME/log. */
export function readableLine(name: string, line: string, look: Look, now: Date): string | undefined {
  const entry = parse(line);
  if (entry === undefined)
    return LAST_WORDS.test(line)
      ? render(name, now.toISOString(), look.attention('says'), line.trim(), look)
      : undefined;
  const level = levelOf(entry['level']);
  if (level === 'info') return undefined;
  const mark = level === 'warn' ? look.attention('warning') : look.bad('error');
  const at =
    typeof entry['time'] === 'string' && !Number.isNaN(Date.parse(entry['time'])) ? entry['time'] : now.toISOString();
  return render(
    name,
    at,
    mark,
    [entry['msg'], reasonOf(entry)].filter((part) => typeof part === 'string' && part !== '').join(': '),
    look,
  );
}

const LAST_WORDS = /^(coop[ -]\w+: |\s+-> )/;

export function render(name: string, at: string, mark: string, text: string, look: Look): string {
  return `${look.dim(clockTime(at))}  ${name.padEnd(6)}  ${mark}  ${plain(text)}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** pino writes numbers, our own logs labels. */
function levelOf(level: unknown): 'info' | 'warn' | 'error' {
  if (level === 'warn' || level === 40) return 'warn';
  return level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50) ? 'error' : 'info';
}

function reasonOf(entry: Record<string, unknown>): string {
  const error = entry['err'];
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return typeof error === 'string' ? error : '';
}

const TOLD_FOR_MS = 60_000;

/** What is said every second is told once a minute. Two lines are the same when they differ in digits only: times, ids, counts. */
export function newsFilter(nowMs: () => number): (line: string) => boolean {
  const told = new Map<string, number>();
  return (line) => {
    const now = nowMs();
    for (const [key, atMs] of told) if (now - atMs >= TOLD_FOR_MS) told.delete(key);
    const key = line.replaceAll(/\d+/g, '#');
    if (told.has(key)) return false;
    told.set(key, now);
    return true;
  };
}
