import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { startRegistry } from '../../../../test/support/registry.ts';
import type { Registry } from '../../../../test/support/registry.ts';
import type { PrepareProgress } from '../engine.ts';
import { never, openTestBed, until } from '../test-bed.ts';
import type { TestBed } from '../test-bed.ts';

const docker = new Docker();
const LOGIN = { username: 'me', password: 'open sesame' };

describeNeeding(['docker'], 'an image that the engine does not have', () => {
  let bed: TestBed;
  let registry: Registry;
  let published: string[] = [];
  beforeAll(async () => {
    bed = await openTestBed('docker', { network: false });
  });
  beforeEach(async () => {
    registry = await startRegistry();
  });
  afterEach(async () => {
    for (const { container_id: id } of await bed.engine.list()) await bed.engine.remove(id);
    for (const image of published)
      await docker
        .getImage(image)
        .remove({ force: true })
        .catch(() => undefined);
    published = [];
    await registry.close();
  });
  afterAll(() => bed.close());

  const publish = async (...args: Parameters<Registry['publish']>) => {
    const image = await registry.publish(...args);
    published.push(image);
    return image;
  };
  const prepare = (
    image: string,
    auth: typeof LOGIN | null = null,
    onProgress: (progress: PrepareProgress) => void = () => undefined,
    signal = never(),
  ) => bed.engine.prepare(bed.order({ image, registry_auth: auth }), onProgress, signal);

  test('is pulled with bytes that rise to the total', async () => {
    const image = await publish('big', { layers: 3, layerBytes: 2_000_000 });
    registry.slowDown(3_000_000);
    const seen: PrepareProgress[] = [];
    await prepare(image, null, (progress) => seen.push(progress));
    const pulling = seen.filter(({ phase }) => phase === 'pulling');
    const totals = pulling.map(({ total_bytes }) => total_bytes).filter((total) => total !== null);
    expect(totals.at(-1)).toBeGreaterThan(6_000_000);
    expect(pulling.at(-1)).toEqual({ phase: 'pulling', pulled_bytes: totals.at(-1), total_bytes: totals.at(-1) });
    expect(new Set(pulling.map(({ pulled_bytes }) => pulled_bytes)).size).toBeGreaterThan(4);
    expect(seen.at(-1)?.phase).toBe('creating');
    expect((await bed.engine.info()).cached_images).toContain(image);
  });

  test('is pulled once', async () => {
    const image = await publish('once');
    await prepare(image);
    await registry.close();
    const seen: string[] = [];
    await prepare(image, null, ({ phase }) => seen.push(phase));
    expect(seen).toEqual(['creating']);
  });

  test('is image_not_found where the registry has none, or it is no name', async () => {
    await expect(prepare(`${registry.host}/none:1`)).rejects.toMatchObject({ reason: 'image_not_found' });
    await expect(prepare('Not A Name')).rejects.toMatchObject({ reason: 'image_not_found' });
  });

  test('is image_pull_failed where there is no registry', async () => {
    await expect(prepare('127.0.0.1:1/x:1')).rejects.toMatchObject({ reason: 'image_pull_failed' });
    await expect(prepare('no-such-host.invalid/x:1')).rejects.toMatchObject({ reason: 'image_pull_failed' });
  });

  test('a pull that is given up ends at once and leaves no container', async () => {
    const image = await publish('hanging', { layerBytes: 5_000_000 });
    registry.slowDown(100_000);
    const aborter = new AbortController();
    const preparing = prepare(
      image,
      null,
      ({ pulled_bytes: bytes }) => bytes !== null && bytes > 0 && aborter.abort(new Error('enough')),
      aborter.signal,
    );
    await expect(preparing).rejects.toThrow('enough');
    expect(await bed.engine.list()).toEqual([]);
  });

  test('credentials: without, wrong, right', async () => {
    const image = await publish('private');
    registry.requireLogin(LOGIN.username, LOGIN.password);
    await expect(prepare(image)).rejects.toMatchObject({ reason: 'image_auth_failed' });
    await expect(prepare(image, { ...LOGIN, password: 'wrong' })).rejects.toMatchObject({
      reason: 'image_auth_failed',
    });
    await prepare(image, LOGIN);
  });

  test('what was pulled with credentials is for nobody without them, and not told about, also after a restart', async () => {
    const image = await publish('theirs');
    registry.requireLogin(LOGIN.username, LOGIN.password);
    await prepare(image, LOGIN);
    await bed.reopen();
    const { Id: id, RepoDigests: digests } = await docker.getImage(image).inspect();
    for (const name of [image, digests[0] as string])
      await expect(prepare(name)).rejects.toMatchObject({ reason: 'image_auth_failed' });
    await expect(prepare(id)).rejects.toMatchObject({ reason: 'image_not_found' });
    expect((await bed.engine.info()).cached_images).not.toContain(image);
    await prepare(image, LOGIN);
  });

  test('among strangers the provider’s own images are not run, those of registries are', async () => {
    const strangers = await openTestBed('docker', { network: false, ownImages: false });
    const own = `coop-test-own:${strangers.agentId}`;
    const base = (await strangers.engine.info()).base_image as string;
    await docker.getImage(base).tag({ repo: 'coop-test-own', tag: strangers.agentId });
    published.push(own);
    try {
      const fromRegistry = await publish('known');
      await strangers.engine.prepare(strangers.order({ image: fromRegistry }), () => undefined, never());
      await expect(
        strangers.engine.prepare(strangers.order({ image: own }), () => undefined, never()),
      ).rejects.toMatchObject({ reason: expect.stringMatching(/^image_/) });
      await strangers.engine.prepare(strangers.order(), () => undefined, never());
      const { cached_images: named } = await strangers.engine.info();
      expect([named.includes(fromRegistry), named.includes(own)]).toEqual([true, false]);
    } finally {
      await strangers.close();
    }
  });

  test('what cannot run says which command', async () => {
    const image = await publish('nothing-in-it', { command: ['/no/such'] });
    const { containerId } = await bed.engine.prepare(bed.order({ image, command: null }), () => undefined, never());
    await bed.engine.start(containerId);
    await until('it ended', async () => (await bed.engine.inspect(containerId))?.state === 'ended');
    expect(await bed.engine.inspect(containerId)).toMatchObject({
      reason: 'command_not_found',
      detail: expect.stringContaining('/no/such'),
    });
  });
});
