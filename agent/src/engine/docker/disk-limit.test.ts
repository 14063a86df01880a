import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDockerd } from '../../../../test/support/dockerd.ts';
import type { Dockerd } from '../../../../test/support/dockerd.ts';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { watchLeases } from '../../lease-watch.ts';
import type { Lease } from '../../lease.ts';
import { logLines, never, openTestBed, outputOf, shell, until } from '../test-bed.ts';
import type { TestBed } from '../test-bed.ts';

describeNeeding(['docker', 'root', 'btrfs'], 'an engine whose storage can limit a container', () => {
  let dockerd: Dockerd;
  let bed: TestBed;
  beforeAll(async () => {
    dockerd = await startDockerd({ onBtrfs: true });
    bed = await openTestBed('docker', { socketPath: dockerd.socketPath, network: false });
  });
  afterAll(async () => {
    await bed.close();
    await dockerd.stop();
  });

  test('says that it does', async () => {
    expect(await bed.engine.info()).toMatchObject({ disk_limit: 'enforced' });
  });

  test('a workload writes what it rented, and is refused the rest by the kernel', async () => {
    const write = (name: string, mib: number) => `dd if=/dev/zero of=/${name} bs=1M count=${mib} 2>&1 && sync`;
    const id = await bed.run({
      ...shell(`${write('within', 40)} && echo written; ${write('beyond', 40)} && echo too much`),
      disk_mib: 64,
    });
    const printed = await outputOf(bed.engine, id);
    expect(printed).toContain('written');
    expect(printed).toMatch(/Disk quota exceeded|No space left/);
    expect(printed).not.toContain('too much');
    expect(await bed.engine.wait(id, never())).toMatchObject({ state: 'ended' });
  });

  test('others go on when one has filled what it rented, and it is measured all the same', async () => {
    const bystander = await bed.run({
      ...shell('while :; do echo $((i+=1)) > /still; cat /still; sleep 0.1; done'),
      disk_mib: 32,
    });
    const greedy = await bed.run({
      ...shell('dd if=/dev/zero of=/x bs=1M count=500; while :; do sleep 1; done'),
      disk_mib: 64,
    });
    await until('it is full', async () =>
      (await logLines(bed.engine, greedy)).some(({ text }) => /quota|space/.test(text)),
    );
    const seen = (await logLines(bed.engine, bystander)).length;
    await until('others write on', async () => (await logLines(bed.engine, bystander)).length > seen);
    expect(await bed.engine.diskUsedMib(greedy)).toBeGreaterThan(40);
    expect(await bed.engine.diskUsedMib(greedy)).toBeLessThan(70);
  });

  test('a volume of the image is beyond the engine’s limit, so the agent ends what fills one', async () => {
    const base = (await bed.engine.info()).base_image as string;
    const bare = await bed.docker.createContainer({ Image: base, Cmd: ['true'] });
    await bare.commit({ repo: 'coop-test-volume', tag: '1', changes: 'VOLUME /volume' });
    await bare.remove();
    const order = {
      ...shell('dd if=/dev/zero of=/volume/x bs=1M count=100; sync; while :; do sleep 1; done'),
      disk_mib: 64,
    };
    const containerId = await bed.run({ ...order, image: 'coop-test-volume:1' });
    const lease = {
      id: 'lse_1',
      ended: false,
      ready: false,
      diskUsedMib: null,
      record: { container_id: containerId, start_called: 1, order: bed.order(order) },
      stop: async () => bed.engine.stop(containerId, 0),
    } as unknown as Lease;
    const watch = watchLeases({
      leases: () => [lease],
      engine: bed.engine,
      diskLimit: () => 'enforced',
      loads: () => new Map(),
      log: pino({ enabled: false }),
      intervalMs: 100,
    });
    try {
      await until('it is ended', async () => (await bed.engine.inspect(containerId))?.running === false);
    } finally {
      watch.stop();
    }
  });
});
