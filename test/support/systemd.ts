import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { podmanConfiguration } from './podman.ts';
import { removeRemains } from './remains.ts';

/**
 * A computer for a test on which systemd really runs: a container with the programs of this host, an /etc of its own and the host's
 * network. podman makes it, because it gives systemd the cgroups that it wants, whichever kind the host has.
 */
export type Systemd = {
  /** Runs a command line of a shell in it as root; what it said on stdout. Rejects where it failed. */
  sh(line: string): Promise<string>;
  /** An orderly shutdown, and a start. */
  reboot(): Promise<void>;
  remove(): Promise<void>;
};

const NAME = 'computer';

export async function bootSystemd(): Promise<Systemd> {
  const dir = mkdtempSync(join(tmpdir(), 'coop-systemd-'));
  const root = join(dir, 'computer');
  layOut(root);
  writeFileSync(join(dir, 'containers.conf'), podmanConfiguration);
  const places = ['root', 'runroot', 'tmpdir', 'network-config-dir'].flatMap((name) => [`--${name}`, join(dir, name)]);
  const podman = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, CONTAINERS_CONF: join(dir, 'containers.conf') };
    return (await promisify(execFile)('podman', [...places, ...args], { cwd: dir, env })).stdout;
  };
  // podman would raise these beyond what this machine may allow.
  const limits = ['--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=4096:4096'];
  const computer: Systemd = {
    sh: (line) => podman('exec', NAME, 'sh', '-c', line),
    async reboot() {
      await podman('stop', '--time', '30', NAME);
      await podman('start', NAME);
      await isUp();
    },
    async remove() {
      await podman('rm', '--force', '--time', '0', NAME);
      removeRemains(dir);
    },
  };
  const isUp = () =>
    computer.sh('until [ -S /run/systemd/private ]; do sleep 0.1; done; systemctl is-system-running --wait || true');
  try {
    await podman(
      'run',
      '--detach',
      '--name',
      NAME,
      '--systemd=always',
      '--network=host',
      ...limits,
      '--volume=/usr:/usr:ro',
      '--rootfs',
      root,
      '/lib/systemd/systemd',
    );
    await isUp();
  } catch (error) {
    await computer.remove();
    throw error;
  }
  return computer;
}

/** What systemd needs besides /usr. */
function layOut(root: string): void {
  for (const name of [
    'etc/systemd/system',
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'usr',
    'root',
    'home',
    'opt',
    'var/lib',
    'var/log',
  ])
    mkdirSync(join(root, name), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  symlinkSync('../run', join(root, 'var/run'));
  for (const name of ['passwd', 'group', 'nsswitch.conf', 'ld.so.cache'])
    copyFileSync(join('/etc', name), join(root, 'etc', name));
  cpSync('/etc/alternatives', join(root, 'etc/alternatives'), { recursive: true, verbatimSymlinks: true });
  symlinkSync('/lib/systemd/system/multi-user.target', join(root, 'etc/systemd/system/default.target'));
  writeFileSync(join(root, 'etc/machine-id'), '');
}
