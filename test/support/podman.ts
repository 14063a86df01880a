import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeRemains } from './remains.ts';

/** podman's service of a test's own, with images and containers of its own; it shares only the host's network with others. */
export type Podman = { socketPath: string; stop(): Promise<void> };

/** runc and cgroupfs, because podman's own choices (crun, systemd) fail on machines with the old cgroups or without systemd. */
export const podmanConfiguration = `[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

export async function startPodman(): Promise<Podman> {
  const dir = mkdtempSync(join(tmpdir(), 'coop-podman-'));
  const socketPath = join(dir, 'podman.sock');
  writeFileSync(join(dir, 'containers.conf'), podmanConfiguration);
  const log = join(dir, 'service.log');
  const output = openSync(log, 'a');
  const own = ['root', 'runroot', 'tmpdir', 'network-config-dir'].flatMap((name) => [`--${name}`, join(dir, name)]);
  const service = spawn('podman', [...own, 'system', 'service', '--time', '0', `unix://${socketPath}`], {
    // Its monitors leave notes where they were started.
    cwd: dir,
    stdio: ['ignore', output, output],
    env: { ...process.env, CONTAINERS_CONF: join(dir, 'containers.conf'), PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  const deadline = performance.now() + 60_000;
  while (!(await answers(socketPath))) {
    if (performance.now() > deadline || service.exitCode !== null)
      throw new Error(`podman does not answer: ${readFileSync(log, 'utf8')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    socketPath,
    async stop() {
      const gone = new Promise((resolve) => service.once('exit', resolve));
      service.kill('SIGTERM');
      await gone;
      // Monitors of exec sessions wait five minutes for somebody to ask how these ended.
      removeRemains(dir);
    },
  };
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: '/_ping', timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
