import { isAlive } from './running.ts';

const LOOK_AGAIN_MS = 100;

/** SIGTERM, and SIGKILL when it is still there after `patienceMs`. True: it went by itself. */
export async function endProcess(one: { pid: number; started: string | null }, patienceMs: number): Promise<boolean> {
  if (!isAlive(one)) return true;
  process.kill(one.pid, 'SIGTERM');
  const untilMs = performance.now() + patienceMs;
  while (isAlive(one)) {
    if (performance.now() > untilMs) {
      process.kill(one.pid, 'SIGKILL');
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  return true;
}
