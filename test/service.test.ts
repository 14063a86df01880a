import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeNeeding } from './support/needs.ts';
import { isRunning, rent, specOf, startTestNetwork, until, untilRun } from './support/network.ts';
import type { TestNetwork, TestUser } from './support/network.ts';
import { bootSystemd } from './support/systemd.ts';
import type { Systemd } from './support/systemd.ts';

const PATIENCE_MS = 60_000;
/** `running`, or `degraded` where a service has failed. */
const HEALTH = 'systemctl is-system-running || true';

describeNeeding(['podman', 'systemd'], 'an agent that joined as a service of systemd', () => {
  let network: TestNetwork;
  let provider: TestUser;
  let computer: Systemd;
  let before: Set<string>;
  let health: string;
  beforeAll(async () => {
    [network, computer] = await Promise.all([startTestNetwork(), bootSystemd()]);
    provider = await network.user();
    before = new Set(await traces());
    health = await computer.sh(HEALTH);
    await computer.sh(await joinLine());
  }, 180_000);
  afterAll(async () => {
    await computer.remove();
    await network.close();
  });

  const joinLine = async () =>
    `${(await provider.client.machines.createJoinToken({ name: 'attic' })).command} -s -- --service`;
  /** Files, units and processes. The journal and systemd's own notes change by themselves. */
  const traces = async () => {
    const files = 'find /etc /opt /root /home /tmp /var -not -path "/var/log/*" -not -path "*/systemd*"';
    const units =
      'systemctl list-units --all --no-legend --plain "*coop*"; systemctl list-unit-files --no-legend "*coop*"';
    return (await computer.sh(`${files}; ${units}; pgrep -fa "[a]gent.mjs" || true`)).split('\n');
  };
  /** What was not there before it joined. */
  const added = async () => (await traces()).filter((line) => !before.has(line));
  const property = async (name: string) => (await computer.sh(`systemctl show coop-agent --value -p ${name}`)).trim();
  const machine = async () => (await provider.client.machines.list()).items.find(({ name }) => name === 'attic');
  const isServedBy = (what: string, is: (pid: string) => boolean) =>
    until(what, async () => {
      const pid = await property('MainPID');
      const seen = await machine();
      return pid !== '0' && is(pid) && seen?.presence === 'online' ? pid : undefined;
    });

  test('runs, and is started with the computer', async () => {
    await isServedBy('the machine is online', () => true);
    expect(await property('ActiveState')).toBe('active');
    expect(await property('UnitFileState')).toBe('enabled');
  });

  test('is restarted, and started again when it dies, while its lease runs on', async () => {
    const { client } = await network.user(1_000_000);
    const run = await rent(client, specOf({ command: ['sleep', '600'] }));
    await untilRun(client, run.id, 'running', isRunning);
    const first = await property('MainPID');
    await computer.sh('systemctl restart coop-agent');
    const second = await isServedBy('the restarted agent is online', (pid) => pid !== first);
    await computer.sh(`kill -9 ${second}`);
    await isServedBy('another agent is online', (pid) => pid !== second);
    expect(await computer.sh('pgrep -c -x sleep')).toBe('1\n');
    expect(await client.runs.get(run.id)).toMatchObject({ state: 'running' });
    await client.runs.stop(run.id);
    await untilRun(client, run.id, 'ended', ({ state }) => state === 'ended');
  });

  test('comes back with the computer', async () => {
    const boot = () => computer.sh('systemctl show --value -p UserspaceTimestamp');
    const first = await boot();
    await computer.reboot();
    expect(await boot()).not.toBe(first);
    await isServedBy('the machine is online again', () => true);
  });

  test('leaves nothing when the machine is removed, nor when it is uninstalled by hand', async () => {
    await isServedBy('the machine is online', () => true);
    await provider.client.machines.remove((await machine())!.id);
    await expect.poll(added, { timeout: PATIENCE_MS, interval: 200 }).toEqual([]);
    expect(await computer.sh(HEALTH)).toBe(health);
    await computer.sh(await joinLine());
    await isServedBy('the machine is online again', () => true);
    expect((await added()).length).toBeGreaterThan(5);
    await computer.sh('/opt/coop-agent/coop-agent uninstall');
    expect(await added()).toEqual([]);
  }, 180_000);
});
