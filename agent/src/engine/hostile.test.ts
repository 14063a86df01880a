import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeNeeding } from '../../../test/support/needs.ts';
import { pidsLimit } from './docker/container-config.ts';
import { never, openTestBed, outputOf, shell, tellsOutOfMemory, until } from './test-bed.ts';
import type { TestBed } from './test-bed.ts';

describeNeeding(['docker'], 'a hostile workload', () => hostile('docker'));
describeNeeding(['podman'], 'a hostile workload in podman', () => hostile('podman'));

function hostile(kind: 'docker' | 'podman'): void {
  let bed: TestBed;
  beforeAll(async () => {
    bed = await openTestBed(kind, { simulateGpus: true });
  });
  afterEach(async () => {
    for (const { container_id: id } of await bed.engine.list()) await bed.engine.remove(id);
  });
  afterAll(() => bed.close());

  const said = async (script: string) => outputOf(bed.engine, await bed.run(shell(script)));
  const execIn = async (id: string, script: string) =>
    text(
      (
        await bed.engine.exec(id, {
          command: ['sh', '-c', script],
          tty: false,
          columns: null,
          rows: null,
          env: {},
          user: null,
        })
      ).stdout,
    );

  // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, NET_BIND_SERVICE 10, SYS_CHROOT 18.
  const own = '00000000000404fb';
  const none = '0000000000000000';
  const status = 'grep -E "^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\\t"';
  const standing = (held: string) =>
    [`CapInh:${none}`, `CapPrm:${held}`, `CapEff:${held}`, `CapBnd:${own}`, `CapAmb:${none}`]
      .concat('NoNewPrivs:1', 'Seccomp:2', '')
      .join('\n');

  test('has the capabilities of root over its own, cannot gain more, and is filtered, in exec too', async () => {
    expect(await said(status)).toBe(standing(own));
    expect(await execIn(await bed.run(), status)).toBe(standing(own));
  });

  test('has no capability as any other user', async () => {
    const order = { ...shell(status), user: '1000:1000' };
    // What it could gain does not matter, as long as it cannot.
    const held = (text: string) => text.replace(/CapBnd:.*\n/, '');
    expect(held(await outputOf(bed.engine, await bed.run(order)))).toBe(held(standing(none)));
  });

  test('as root of its image it owns, gives away, kills, listens, changes its root and becomes another user, for good', async () => {
    const script = [
      'echo kept > /data; chown 65534:65534 /data; chmod 600 /data; cat /data',
      'nc -l -p 80 </dev/null >/dev/null 2>&1 & sleep 0.2; kill -0 $! && echo listens',
      'mkdir -p /in/bin; cp /bin/busybox /in/bin/sh; chroot /in /bin/sh -c "echo /*"',
      'echo "own:x:1000:1000::/tmp:/bin/sh" >> /etc/passwd',
      'su own -c "id -u; cat /data; mkdir /etc/x; chown 0 /tmp; kill 1" 2>&1 | sed "s/.*: //"',
      'su own -c "while :; do sleep 1; done" & sleep 0.2; kill -9 $! && echo killed',
    ].join('\n');
    expect((await said(script)).split('\n')).toEqual([
      'kept',
      'listens',
      '/bin',
      '1000',
      'Permission denied',
      'Permission denied',
      'Operation not permitted',
      'Operation not permitted',
      'killed',
      '',
    ]);
  });

  test.each([
    ['mounts', 'mount -t tmpfs none /mnt'],
    ['binds', 'mount --bind / /mnt'],
    ['remounts what is read-only', 'mount -o remount,rw /proc/sys'],
    ['makes devices', 'mknod /tmp/sda b 8 0'],
    ['loads modules', 'insmod /bin/busybox 2>&1 | grep -qv "not permitted"'],
    ['listens to the wire', 'arping -c 1 -w 1 -I eth0 10.0.0.1 2>&1 | grep -q ^ARPING'],
    ['gives its network another address', 'ip addr add 10.1.2.3/8 dev eth0'],
    ['traces the kernel', 'dmesg'],
    ['raises its own limits', 'ulimit -Hc 1'],
    ['hurries past others', 'nice -n -5 true'],
    ['makes a user namespace', 'unshare -U true'],
    ['makes a mount namespace', 'unshare -m true'],
    ['enters the host', 'nsenter -t 1 -m -n true'],
    ['changes the kernel', 'echo 1 > /proc/sys/kernel/core_pattern'],
    ['changes the network', 'ip link set eth0 down'],
    ['adds a route', 'ip route add 192.168.0.0/16 dev lo'],
    ['pulls the trigger', 'echo h > /proc/sysrq-trigger'],
    ['writes to the system tree', 'echo 1 > /sys/kernel/mm/transparent_hugepage/enabled'],
    [
      'leaves its cgroup',
      'for dir in $(grep -E " cgroup2? " /proc/mounts | cut -d" " -f2); do mkdir $dir/own && echo made; done | grep -q made',
    ],
    ['reads the memory of the kernel', 'head -c 1 /proc/kcore | grep -q .'],
    ['sets the clock', 'date -s 2001-01-01; [ "$(date +%Y)" = 2001 ]'],
    ['pings as a raw socket', 'ping -c 1 -W 1 127.0.0.1'],
    ['swaps', 'dd if=/dev/zero of=/s bs=4096 count=20 && mkswap /s && swapon /s'],
    ['traces others', 'cat /proc/1/mem'],
  ])('in vain: %s', async (_, command) => {
    expect(await said(`(${command}) >/dev/null 2>&1 && echo succeeded || echo refused`)).toBe('refused\n');
  });

  test('sees no engine socket, no host process, no host disk', async () => {
    const seen = await said(
      'find / -name "*.sock" -not -path "/proc/*" 2>/dev/null; ls /dev; ps | wc -l; cat /proc/1/comm; hostname',
    );
    expect(seen).not.toMatch(/\.sock|sd[a-z]|vd[a-z]|nvme|kmsg|\bmem\b/);
    expect(seen).toMatch(/\n[1-9]\n(docker-init|tini|podman-init)\nlse-/);
  });

  test('a fork bomb stays within its limit, other leases go on, and it can be stopped', async () => {
    const bystander = await bed.run();
    const bomb = await bed.run({ ...shell('bomb() { bomb | bomb & }; bomb; while :; do :; done'), cpus: 0.5 });
    const pids = async () => (await bed.engine.stats(bomb)).pids;
    await until('it has spread', async () => (await pids()) > 500, 60_000);
    expect(await pids()).toBeLessThanOrEqual(pidsLimit(0.5));
    expect(await execIn(bystander, 'echo alive')).toBe('alive\n');
    await bed.engine.stop(bomb, 0);
    expect(await bed.engine.inspect(bomb)).toMatchObject({ state: 'ended' });
  }, 120_000);

  test('memory is taken from nobody: the limit counts swap, shared memory and files in memory', async () => {
    const id = await bed.run({
      ...shell('dd if=/dev/zero of=/dev/shm/x bs=1M count=200; echo code $?'),
      memory_mib: 64,
      shm_mib: 256,
    });
    const state = await bed.engine.wait(id, never());
    expect(await outputOf(bed.engine, id)).not.toContain('code 0');
    expect(state).toMatchObject({ exit_code: expect.any(Number), oom_killed: tellsOutOfMemory(kind) });
  });

  test('a child that dies of memory does not blame a workload that ends well', async () => {
    const id = await bed.run({ ...shell('(x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done); exit 0'), memory_mib: 32 });
    expect(await bed.engine.wait(id, never())).toMatchObject({ exit_code: 0, reason: null });
  });

  test('filling the disk is seen, in plain files, in deleted ones and in volumes of the image', async () => {
    const image = `coop-test-volume:${bed.agentId}`;
    const base = (await bed.engine.info()).base_image as string;
    const bare = await bed.docker.createContainer({ Image: base, Cmd: ['true'] });
    const [repo, tag] = image.split(':') as [string, string];
    await bare.commit({ repo, tag, changes: 'VOLUME /volume' });
    await bare.remove();
    try {
      const filling = (path: string) =>
        `dd if=/dev/zero of=${path} bs=1M count=40 2>/dev/null; while :; do sleep 1; done`;
      const cases = [
        await bed.run({ ...shell(filling('/plain')), disk_mib: 30 }),
        await bed.run({
          ...shell(
            'exec 3>/deleted; rm /deleted; dd if=/dev/zero bs=1M count=40 >&3 2>/dev/null; while :; do sleep 1; done',
          ),
          disk_mib: 30,
        }),
        await bed.run({ ...shell(filling('/volume/file')), image, disk_mib: 30 }),
      ];
      for (const id of cases) {
        await until('it is seen', async () => ((await bed.engine.diskUsedMib(id)) ?? 0) >= 40);
        expect(await bed.engine.diskUsedMib(id)).toBeLessThan(60);
      }
      const volumes = await bed.docker.getContainer(cases[2] as string).inspect();
      await bed.engine.remove(cases[2] as string);
      await expect(bed.docker.getVolume(volumes.Mounts[0]?.Name as string).inspect()).rejects.toMatchObject({
        statusCode: 404,
      });
    } finally {
      for (const { container_id: id } of await bed.engine.list()) await bed.engine.remove(id);
      await bed.docker.getImage(image).remove();
    }
  });

  test('cannot grow core files, nor see more devices than it rented', async () => {
    expect(await said('ulimit -c; ulimit -Hc; ls /dev | grep -c nvidia; echo "$NVIDIA_VISIBLE_DEVICES"')).toBe(
      '0\n0\n0\nvoid\n',
    );
    const greedy = await bed.run({
      ...shell('ls /dev | grep nvidia; echo "$NVIDIA_VISIBLE_DEVICES"'),
      devices: ['GPU-a'],
      env: { NVIDIA_VISIBLE_DEVICES: 'all' },
    });
    expect(await outputOf(bed.engine, greedy)).toBe('nvidia0\nGPU-a\n');
  });

  test('does not have more CPU than it rented', async () => {
    const id = await bed.run({
      ...shell('i=0; while [ $i -lt 4 ]; do (while :; do :; done) & i=$((i+1)); done; wait'),
      cpus: 0.5,
    });
    await until('it is busy', async () => (await bed.engine.stats(id)).cpu_percent > 10);
    expect((await bed.engine.stats(id)).cpu_percent).toBeLessThan(75);
  });

  test('keeps its secrets out of what is kept of the order', async () => {
    const id = await bed.run({ env: { TOKEN: 'very-secret' } });
    const container = await bed.docker.getContainer(id).inspect();
    expect(JSON.stringify(container.Config.Labels)).not.toContain('very-secret');
  });
}
