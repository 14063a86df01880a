import type Docker from 'dockerode';

/** podman alone: network and cgroup of a created container are set up, its process is not started yet. Idempotent. */
export function initContainer(docker: Docker, containerId: string): Promise<void> {
  const { modem } = docker as unknown as { modem: Modem };
  return new Promise((resolve, reject) => {
    modem.dial(
      {
        path: `/v4.0.0/libpod/containers/${containerId}/init`,
        method: 'POST',
        statusCodes: { 204: true, 304: true, 404: 'no such container', 500: 'server error' },
      },
      (error) => (error === null ? resolve() : reject(error)),
    );
  });
}

/** The part of the client library that makes requests it has no method for. */
type Modem = { dial(options: object, done: (error: Error | null) => void): void };
