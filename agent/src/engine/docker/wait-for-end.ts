import type Docker from 'dockerode';

/** An engine that was restarted meanwhile may leave whoever waits or follows without an answer: so they look again by themselves. */
export const LOOK_AGAIN_MS = 5000;

/** Returns when the container has ended, or when it is time to look whether it has. */
export async function waitForEnd(docker: Docker, containerId: string, signal: AbortSignal): Promise<void> {
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(LOOK_AGAIN_MS)]);
  try {
    await docker.getContainer(containerId).wait({ condition: 'not-running', abortSignal } as object);
  } catch (error) {
    if (signal.aborted || !abortSignal.aborted) throw error;
  }
}
