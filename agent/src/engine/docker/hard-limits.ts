import { readFile } from 'node:fs/promises';

/** What this process may have at most, which the engine's limits are taken to be; null: unlimited, or not known here. */
export async function hardLimits(): Promise<{ openFiles: number | null; processes: number | null }> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const hard = (title: string) => {
    const number = new RegExp(`^${title}\\s+\\S+\\s+(\\d+)`, 'm').exec(limits)?.[1];
    return number === undefined ? null : Number(number);
  };
  return { openFiles: hard('Max open files'), processes: hard('Max processes') };
}
