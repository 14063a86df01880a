import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../engine-error.ts';

/** Where podman looks for the profile that it uses by itself, in its order. */
const PROFILES = ['/etc/containers/seccomp.json', '/usr/share/containers/seccomp.json'];

/**
 * podman's own profile lets every workload make user namespaces, in which it has all capabilities and reaches far more of the kernel.
 * This writes one that forbids them, as docker's does; the path is what podman is given.
 */
export async function writePodmanSeccomp(stateDir: string): Promise<string> {
  for (const path of PROFILES) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const written = join(stateDir, 'podman-seccomp.json');
    await writeFile(written, JSON.stringify(withoutNamespaces(JSON.parse(text) as SeccompProfile)));
    return written;
  }
  throw new EngineError(
    'engine_unavailable',
    `podman's profile of system calls is in none of ${PROFILES.join(', ')}, and without it workloads could make user namespaces.`,
  );
}

export type SeccompProfile = {
  syscalls: { names: string[]; action: string; includes?: { caps?: string[] }; [rest: string]: unknown }[];
};

/** Calls that only make sense in a new namespace, and those of keyrings, which containers share with the host. */
const FORBIDDEN = (
  'unshare setns clone3 mount umount umount2 mount_setattr move_mount open_tree fsconfig fsmount fsopen fspick pivot_root ' +
  'keyctl add_key request_key'
).split(' ');

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const NAMESPACES = 0x7e020000;

/** Without the calls, except to those who have the capability for them; `clone` stays for processes and threads. */
export function withoutNamespaces(profile: SeccompProfile): SeccompProfile {
  const forbidden = new Set([...FORBIDDEN, 'clone']);
  const kept = profile.syscalls
    .map((rule) =>
      rule.action === 'SCMP_ACT_ALLOW' && (rule.includes?.caps ?? []).length === 0
        ? { ...rule, names: rule.names.filter((name) => !forbidden.has(name)) }
        : rule,
    )
    .filter((rule) => rule.names.length > 0);
  return {
    ...profile,
    syscalls: [
      ...kept,
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ],
  };
}
