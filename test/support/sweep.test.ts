import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { expectNoRules, openTestBed, until } from '@gpucoop/agent/engine/test-bed.ts';
import { describeNeeding } from './needs.ts';
import { addNetns } from './netns.ts';
import { AGENT_FILE, sweepDeadRuns } from './sweep.ts';

const runFolder = fileURLToPath(new URL('run-folder.ts', import.meta.url));

let outer: string;
beforeEach(() => {
  outer = mkdtempSync(join(tmpdir(), 'coop-sweep-'));
});
afterEach(() => rmSync(outer, { recursive: true, force: true }));

/** A test run that has started somebody in a session of his own, as `coop up --detach` does, and goes on. */
async function run(): Promise<{ folder: string; started: number; die(): Promise<void> }> {
  const script = `
    const { setup } = await import(${JSON.stringify(runFolder)});
    await setup();
    const { spawn } = await import('node:child_process');
    const started = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    console.log(JSON.stringify({ folder: process.env.TMPDIR, started: started.pid }));
    setInterval(() => {}, 1000);`;
  const runner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, TMPDIR: outer },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(runner.stdout, 'data')) as [Buffer];
  const { folder, started } = JSON.parse(said.toString()) as { folder: string; started: number };
  const die = async () => {
    if (runner.exitCode !== null || runner.signalCode !== null) return;
    const gone = once(runner, 'exit');
    runner.kill('SIGKILL');
    await gone;
  };
  onTestFinished(async () => {
    await die();
    if (lives(started)) process.kill(started, 'SIGKILL');
  });
  return { folder, started, die };
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const onLinux = process.platform === 'linux';

describe.runIf(onLinux)('what a killed test run leaves', () => {
  test('is ended and removed by the next run, while a run that goes on keeps what is its', async () => {
    const [killed, living] = [await run(), await run()];
    await killed.die();
    await sweepDeadRuns(outer);
    await until('it is ended', () => !lives(killed.started));
    expect(existsSync(killed.folder)).toBe(false);
    expect(lives(living.started)).toBe(true);
    expect(existsSync(living.folder)).toBe(true);
  });

  test('is not what lies in a folder that does not say whose it is', async () => {
    const folder = join(outer, 'coop-run-unknown');
    mkdirSync(folder);
    await sweepDeadRuns(outer);
    expect(existsSync(folder)).toBe(true);
  });
});

describeNeeding(['docker', 'iptables', 'root'], 'what a killed test run leaves outside its folder', () => {
  test('goes too: leases, their network, its rules, namespaces', async () => {
    const [bed, killed] = [await openTestBed('docker'), await run()];
    const namespace = `coop-lan-${randomBytes(3).toString('hex')}`;
    try {
      const lease = await bed.run();
      mkdirSync(join(killed.folder, 'bed'));
      writeFileSync(join(killed.folder, 'bed', AGENT_FILE), bed.agentId);
      addNetns(namespace, killed.folder);
      await killed.die();
      await sweepDeadRuns(outer);
      expect(await bed.engine.inspect(lease)).toBeUndefined();
      expectNoRules(bed.agentId);
      const networks = await bed.docker.listNetworks({ filters: { label: [`coop.agent=${bed.agentId}`] } });
      expect(networks).toEqual([]);
      expect(existsSync(`/var/run/netns/${namespace}`)).toBe(false);
    } finally {
      await bed.close();
    }
  });
});
