import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startDockerd } from './support/dockerd.ts';
import { describeNeeding } from './support/needs.ts';

const program = fileURLToPath(new URL('support/gvisor-places.ts', import.meta.url));

describeNeeding(['docker', 'gvisor', 'iptables', 'root'], 'what a lease in gVisor reaches', () => {
  test('the internet, and nothing private, not the host, not other leases', async () => {
    // gVisor's own network stack does not come up under kernels from 6.11 on; so it uses that of the container's namespace.
    const runsc = { path: 'runsc', runtimeArgs: ['--platform=ptrace', '--network=host'] };
    const dockerd = await startDockerd({ settings: { runtimes: { runsc } } });
    try {
      const args = [`--net=${dockerd.namespacePath}`, process.execPath, program, dockerd.socketPath];
      const { stdout } = await promisify(execFile)('nsenter', args);
      const closed = { host: true, lease: '-' };
      expect(JSON.parse(stdout)).toEqual({
        runtime: 'runsc',
        places: {
          internet: { host: true, lease: 'neighbour' },
          private: closed,
          attached: closed,
          metadata: closed,
          host: closed,
          'another lease': closed,
        },
        agent: 'served\n',
      });
    } finally {
      await dockerd.stop();
    }
  }, 180_000);
});
