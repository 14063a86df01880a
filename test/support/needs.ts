import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe } from 'vitest';

/**
 * A suite says which parts of a machine it needs. Where one is missing the suite is skipped with the reason, which the end of the
 * test run shows; in CI a missing part is a failure.
 */
export type Part =
  | 'docker'
  | 'podman'
  | 'gvisor'
  | 'btrfs'
  | 'postgres'
  | 'sshd'
  | 'systemd'
  | 'root'
  | 'iptables'
  | 'gpu'
  | 'cc'
  | 'vulkan'
  | 'nvcc'
  | 'python';

const probes: Record<Part, () => string | undefined> = {
  docker: () =>
    answers('docker', ['version', '--format', '{{.Server.Version}}']) ? undefined : 'no docker engine answers',
  podman: () =>
    process.getuid?.() !== 0 ? 'not root' : answers('podman', ['--version']) ? undefined : 'podman is not installed',
  gvisor: () =>
    process.getuid?.() !== 0 ? 'not root' : answers('runsc', ['--version']) ? undefined : 'runsc is not installed',
  btrfs: () =>
    !readFileSync('/proc/filesystems', 'utf8').includes('btrfs')
      ? 'the kernel has no btrfs'
      : answers('mkfs.btrfs', ['--version'])
        ? undefined
        : 'btrfs-progs is not installed',
  postgres: () =>
    process.env.TEST_DATABASE_URL !== undefined || postgresBinDir() !== undefined
      ? undefined
      : 'no PostgreSQL programs and no TEST_DATABASE_URL',
  systemd: () => (existsSync('/usr/lib/systemd/systemd') ? undefined : 'systemd is not installed'),
  sshd: () => (existsSync('/usr/sbin/sshd') ? undefined : 'no OpenSSH server at /usr/sbin/sshd'),
  root: () => (process.getuid?.() === 0 ? undefined : 'not root'),
  iptables: () => (answers('iptables', ['-w', '-L', '-n']) ? undefined : 'iptables does not work here'),
  cc: () => (answers('g++', ['--version']) ? undefined : 'no C++ compiler, g++'),
  vulkan: () => (existsSync(softwareVulkan) ? undefined : `no software Vulkan driver at ${softwareVulkan}`),
  python: () => (answers('python3', ['--version']) ? undefined : 'no Python, python3'),
  nvcc: () => (answers('nvcc', ['--version']) ? undefined : 'no CUDA compiler'),
  gpu: () => (existsSync('/dev/nvidiactl') ? undefined : 'no NVIDIA device'),
};

/** Mesa's, where Debian puts it. Which drivers the Vulkan loader takes is said by VK_DRIVER_FILES. */
export const softwareVulkan = process.env.VK_DRIVER_FILES ?? '/usr/share/vulkan/icd.d/lvp_icd.json';

/** Never a failure in CI: no CI machine has them. */
const optional: Part[] = ['gpu', 'nvcc'];

export function missing(parts: Part[]): string | undefined {
  for (const part of parts) {
    const reason = probes[part]();
    if (reason !== undefined) return `${part}: ${reason}`;
  }
  return undefined;
}

export function describeNeeding(parts: Part[], title: string, body: () => void): void {
  const reason = missing(parts);
  if (reason === undefined) return void describe(title, body);
  if (process.env.CI !== undefined && !parts.some((part) => optional.includes(part))) {
    throw new Error(`CI must have every part, and "${title}" lacks ${reason}`);
  }
  describe.skip(`${title} [missing ${reason}]`, body);
}

/** Where initdb and postgres are: PATH, or Debian's versioned directory. */
export function postgresBinDir(): string | undefined {
  for (const version of ['18', '17', '16', '15']) {
    if (existsSync(`/usr/lib/postgresql/${version}/bin/initdb`)) return `/usr/lib/postgresql/${version}/bin`;
  }
  return undefined;
}

function answers(command: string, args: string[]): boolean {
  try {
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    execFileSync(command, args, { stdio: 'ignore', timeout: 10_000, env });
    return true;
  } catch {
    return false;
  }
}
