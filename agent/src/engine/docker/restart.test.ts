import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDockerd } from '../../../../test/support/dockerd.ts';
import type { Dockerd } from '../../../../test/support/dockerd.ts';
import { describeNeeding } from '../../../../test/support/needs.ts';
import type { LogLine } from '@gpucoop/protocol/resources.ts';
import { logLines, never, openTestBed, shell, until } from '../test-bed.ts';
import type { TestBed } from '../test-bed.ts';

const COUNTING = 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.2; done';

describeNeeding(['docker', 'root', 'iptables'], 'an engine that restarts', () => {
  describe.each([{ liveRestore: false }, { liveRestore: true }])(
    'with live-restore $liveRestore',
    ({ liveRestore }) => {
      let dockerd: Dockerd;
      let bed: TestBed;
      beforeAll(async () => {
        dockerd = await startDockerd({ liveRestore });
        // Its bridges are in another network namespace than the rules: leases here have none.
        bed = await openTestBed('docker', { socketPath: dockerd.socketPath, network: false });
      });
      afterAll(async () => {
        await bed.close();
        await dockerd.stop();
      });

      test('says whether leases survive it', async () => {
        expect(await bed.engine.info()).toMatchObject({ live_restore: liveRestore, network: 'none' });
      });

      test.each(['kill -9', 'an orderly restart'])(
        '%s: the lease survives, or ends as engine_restarted',
        async (how) => {
          const id = await bed.run(shell(COUNTING));
          await until('it counts', async () => (await logLines(bed.engine, id)).length > 2);
          const followed: LogLine[] = [];
          const aborter = new AbortController();
          const following = (async () => {
            for await (const line of bed.engine.logs(id, { after: null, tail: null, follow: true }, aborter.signal))
              followed.push(line);
          })();
          await until('it is followed', () => followed.length > 2);
          const waiting = bed.engine.wait(id, aborter.signal).catch(() => undefined);
          if (how === 'kill -9') await dockerd.kill9();
          await dockerd.restart();
          if (liveRestore) {
            expect(await bed.engine.inspect(id)).toMatchObject({ state: 'running', restarted_by_engine: false });
            const before = followed.length;
            await until('the follower goes on', () => followed.length > before + 2, 30_000);
            await bed.engine.stop(id, 0);
            expect(await waiting).toMatchObject({ state: 'ended', reason: null });
          } else {
            expect(await waiting).toMatchObject({
              state: 'ended',
              restarted_by_engine: true,
              reason: 'engine_restarted',
            });
          }
          await following;
          aborter.abort();
          expect(followed).toEqual(await logLines(bed.engine, id));
          await bed.engine.remove(id);
        },
      );

      test('what ended by itself before is not blamed on it', async () => {
        const failed = await bed.run(shell('exit 3'));
        const killed = await bed.run(shell('kill -9 $$; sleep 5'));
        for (const id of [failed, killed]) await bed.engine.wait(id, never());
        const known = await bed.engine.inspect(killed);
        await dockerd.restart();
        expect(await bed.engine.inspect(failed)).toMatchObject({
          exit_code: 3,
          restarted_by_engine: false,
          reason: null,
        });
        expect(known).toMatchObject({ restarted_by_engine: false });
      });
    },
  );

  test('away: what is asked meanwhile is engine_unavailable, and it is found again', async () => {
    const dockerd = await startDockerd();
    const bed = await openTestBed('docker', { socketPath: dockerd.socketPath, network: false });
    try {
      await dockerd.kill9();
      await expect(bed.engine.list()).rejects.toMatchObject({ reason: 'engine_unavailable' });
      await expect(bed.engine.inspect('x')).rejects.toMatchObject({ reason: 'engine_unavailable' });
      await expect(bed.engine.prepare(bed.order(), () => undefined, never())).rejects.toMatchObject({
        reason: 'engine_unavailable',
      });
      await dockerd.restart();
      expect(await bed.engine.list()).toEqual([]);
    } finally {
      await bed.close();
      await dockerd.stop();
    }
  });
});
