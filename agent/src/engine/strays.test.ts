import { renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeNeeding } from '../../../test/support/needs.ts';
import { findStrays, removeStray } from './strays.ts';
import { expectNoRules, openTestBed } from './test-bed.ts';

describeNeeding(['docker', 'iptables', 'root'], 'an agent whose directory was deleted', () => {
  test('is known by its network, and all it left goes; an agent that has its directory is left alone', async () => {
    const [gone, alive] = [await openTestBed('docker'), await openTestBed('docker')];
    const mine = async () => (await findStrays(gone.docker)).filter(({ agentId }) => agentId === gone.agentId);
    try {
      const [lease, bystander] = [await gone.run(), await alive.run()];
      expect(await mine()).toEqual([]);
      renameSync(gone.stateDir, `${gone.stateDir}-moved`);
      const [stray] = await mine();
      expect(stray).toEqual({ agentId: gone.agentId, stateDir: gone.stateDir });
      await removeStray(gone.docker, { agentId: gone.agentId, stateDir: gone.stateDir });
      expect(await gone.engine.inspect(lease)).toBeUndefined();
      expectNoRules(gone.agentId);
      expect(await mine()).toEqual([]);
      expect(await alive.engine.inspect(bystander)).toMatchObject({ running: true });
    } finally {
      renameSync(`${gone.stateDir}-moved`, gone.stateDir);
      await gone.close();
      await alive.close();
    }
  });
});
