import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { never, openTestBed, outputOf, shell, until } from '../test-bed.ts';
import type { TestBed } from '../test-bed.ts';

const docker = new Docker();

describeNeeding(['docker', 'iptables', 'root'], 'a network that stands before its lease comes', () => {
  let bed: TestBed;
  beforeEach(async () => {
    bed = await openTestBed('docker');
    await bed.engine.reassert();
  });
  afterEach(() => bed.close());

  const holders = async (): Promise<string[]> =>
    (await docker.listContainers({ all: true, filters: { label: [`coop.agent=${bed.agentId}`, 'coop.network'] } })).map(
      ({ Id }) => Id,
    );
  const modeOf = async (id: string) => (await docker.getContainer(id).inspect()).HostConfig.NetworkMode;
  const asHolder = async () => `container:${(await holders())[0]}`;

  test('serves one lease, and the next has another', async () => {
    const first = await asHolder();
    const one = await bed.run(shell('echo 1.2.3.4 left-behind >> /etc/hosts; cat /etc/hostname'));
    await bed.engine.reassert();
    const next = await bed.run(shell('cat /etc/hosts /etc/hostname'));
    expect(await modeOf(one)).toBe(first);
    expect(await modeOf(next)).not.toBe(first);
    const [name, seen] = [await outputOf(bed.engine, one), await outputOf(bed.engine, next)];
    expect(seen).not.toContain('left-behind');
    expect(seen).not.toContain(name.trim());
  });

  test('of two leases at once one has it, and the other makes its own', async () => {
    const ids = await Promise.all([bed.run(), bed.run()]);
    const modes = await Promise.all(ids.map(modeOf));
    expect(new Set(modes.map((mode) => mode?.split(/[:-]/)[0]))).toEqual(new Set(['container', 'coop']));
  });

  test('goes when its lease ends, also one that never started', async () => {
    const [used] = await holders();
    await bed.engine.wait(await bed.run(shell('true')), never());
    await until('it has gone', async () => !(await holders()).includes(used!));
    await bed.engine.reassert();
    const [unused] = await holders();
    const { containerId } = await bed.engine.prepare(bed.order(), () => undefined, never());
    expect(await modeOf(containerId)).toBe(`container:${unused}`);
    await bed.engine.stop(containerId, 0);
    expect(await holders()).not.toContain(unused);
  });

  test('goes with a lease that is removed while it runs', async () => {
    const [used] = await holders();
    await bed.engine.remove(await bed.run());
    expect(await holders()).not.toContain(used);
  });

  test('an agent that starts again keeps that of a running lease, and trusts no other that is there', async () => {
    const [used] = await holders();
    const id = await bed.run();
    await bed.engine.reassert();
    const [left] = (await holders()).filter((holder) => holder !== used);
    await (await bed.reopen()).reassert();
    const now = await holders();
    expect(now).toContain(used);
    expect(now).not.toContain(left);
    expect(now).toHaveLength(2);
    expect(await bed.engine.inspect(id)).toMatchObject({ running: true });
  });

  test('one that somebody ended is used by nobody, and is replaced', async () => {
    const [ended] = await holders();
    await docker.getContainer(ended!).kill();
    expect(await modeOf(await bed.run())).toMatch(/^coop-/);
    await bed.engine.reassert();
    expect(await holders()).toHaveLength(1);
    expect(await holders()).not.toContain(ended);
  });

  test('is not listed among the leases, and its traffic counts as the lease’s', async () => {
    const id = await bed.run(shell('nc -ll -p 8080 -e echo served'));
    expect(await bed.engine.list()).toHaveLength(1);
    await until('it answers', () =>
      bed.engine
        .connect(id, 8080)
        .then(text)
        .then((answer) => answer === 'served\n')
        .catch(() => false),
    );
    expect((await bed.engine.stats(id)).received_bytes).toBeGreaterThan(0);
  });

  test('an agent that lets go of the engine leaves those of running leases only', async () => {
    const [used] = await holders();
    const id = await bed.run();
    await bed.engine.reassert();
    await bed.engine.close();
    expect(await holders()).toEqual([used]);
    expect(await bed.engine.inspect(id)).toMatchObject({ running: true });
  });
});
