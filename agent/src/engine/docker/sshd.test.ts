import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { openTestBed, until } from '../test-bed.ts';

describeNeeding(['docker', 'sshd'], 'an image with OpenSSH’s server', () => serves('docker'));
describeNeeding(['podman', 'sshd'], 'an image with OpenSSH’s server in podman', () => serves('podman'));

function serves(kind: 'docker' | 'podman'): void {
  test('serves root, who reaches it through the agent', async () => {
    const bed = await openTestBed(kind);
    const dir = mkdtempSync(join(tmpdir(), 'coop-sshd-'));
    const image = `coop-test/sshd:${bed.agentId}`;
    const entrance = createServer({ allowHalfOpen: true });
    try {
      const tar = Readable.from([tarWithSshd(dir)]);
      await drain(await bed.docker.importImage(tar, { repo: image }));
      const id = await bed.run({ image, command: ['/usr/sbin/sshd', '-D', '-e'] });
      entrance.on('connection', (client) => {
        client.on('error', () => undefined);
        void bed.engine.connect(id, 22).then(
          (inside) =>
            inside
              .on('error', () => client.destroy())
              .pipe(client)
              .pipe(inside),
          () => client.destroy(),
        );
      });
      await new Promise<void>((resolve) => entrance.listen(0, '127.0.0.1', resolve));
      const { port } = entrance.address() as AddressInfo;
      const options = [
        `Port=${port}`,
        `IdentityFile=${dir}/key`,
        'StrictHostKeyChecking=no',
        'UserKnownHostsFile=/dev/null',
      ];
      const ssh = async (command: string) => {
        const args = [...options, 'LogLevel=ERROR', 'ConnectTimeout=10'].flatMap((option) => ['-o', option]);
        return (await promisify(execFile)('ssh', [...args, 'root@127.0.0.1', command])).stdout;
      };
      await until('it answers', () =>
        ssh('true').then(
          () => true,
          () => false,
        ),
      );
      expect(await ssh('id -u; cat /etc/only-here')).toBe('0\nin the lease\n');
    } finally {
      entrance.close();
      await bed.close();
      await bed.docker
        .getImage(image)
        .remove()
        .catch(() => undefined);
      rmSync(dir, { recursive: true });
    }
  });
}

/** Of this host's own programs and the libraries they need, so that nothing is pulled. `dir` gets the key that opens it, too. */
function tarWithSshd(dir: string): Buffer {
  const root = join(dir, 'root');
  const make = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  };
  for (const program of ['/usr/sbin/sshd', '/bin/busybox']) {
    for (const file of [program, ...librariesOf(program)]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      copyFileSync(file, join(root, file));
    }
  }
  for (const name of ['sh', 'id', 'cat', 'true']) cpSync(join(root, 'bin/busybox'), join(root, 'bin', name));
  for (const name of ['key', 'host-key']) run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
  make('etc/passwd', 'root:*:0:0:root:/root:/bin/sh\nsshd:*:100:65534::/run/sshd:/bin/false\n');
  make('etc/group', 'root:*:0:\nnogroup:*:65534:\n');
  make('etc/only-here', 'in the lease\n');
  make('etc/ssh/sshd_config', 'UsePAM no\nPermitRootLogin prohibit-password\n');
  make('etc/ssh/ssh_host_ed25519_key', readFileSync(join(dir, 'host-key'), 'utf8'), 0o600);
  make('root/.ssh/authorized_keys', readFileSync(join(dir, 'key.pub'), 'utf8'), 0o600);
  for (const [path, mode] of [
    ['run/sshd', 0o755],
    ['dev', 0o755],
    ['root', 0o700],
    ['tmp', 0o1777],
  ] as const) {
    mkdirSync(join(root, path), { recursive: true });
    chmodSync(join(root, path), mode);
  }
  return run('tar', ['-C', root, '-c', '.']);
}

function librariesOf(program: string): string[] {
  try {
    const listing = run('ldd', [program]).toString();
    return [...listing.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]!);
  } catch {
    return []; // it is static
  }
}

function run(command: string, args: string[]): Buffer {
  return execFileSync(command, args, { maxBuffer: 256 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] });
}

async function drain(stream: NodeJS.ReadableStream): Promise<void> {
  for await (const _ of stream);
}
