import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import { within } from '../within.ts';
import { engineMessage, statusOf } from './client.ts';

const CALL_MS = 30_000;
const ATTEMPTS = 20;
const PAUSE_MS = 100;

/** @throws what the engine answered, unchanged: 404 is a container that is not there. */
export async function inspectContainer(docker: Docker, idOrName: string): Promise<ContainerInspectInfo> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await within(CALL_MS, 'inspect', (abortSignal) =>
        docker.getContainer(idOrName).inspect({ abortSignal } as object),
      );
    } catch (error) {
      if (!endsMeanwhile(error) || attempt === ATTEMPTS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** podman looks a running container's process up in /proc, and fails when it ends just then: a moment later it knows the end. */
function endsMeanwhile(error: unknown): boolean {
  return statusOf(error) === 500 && /\/proc\/\d+\/.*no such (process|file)/.test(engineMessage(error));
}
