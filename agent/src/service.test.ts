import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { installService, removeService, serviceStatus, unitText } from './service.ts';

/** A stand-in for systemctl, which CI machines do not run: it writes down what it is asked, and remembers what is enabled. */
async function fakeSystemd(script = 'case "$*" in *is-active*) echo active ;; *is-enabled*) echo enabled ;; esac') {
  const dir = await mkdtemp(join(tmpdir(), 'coop-service-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const systemctl = join(dir, 'systemctl');
  await writeFile(systemctl, `#!/bin/sh\necho "$*" >>${dir}/asked\n${script}\n`);
  await chmod(systemctl, 0o755);
  await mkdir(join(dir, 'state'));
  return {
    options: {
      command: ['/opt/coop-agent/bin/node', '/opt/coop-agent/agent.mjs', 'run'],
      stateDir: join(dir, 'state'),
      unitDir: join(dir, 'units'),
      systemctl,
      isRoot: true,
    },
    asked: async () => (await readFile(join(dir, 'asked'), 'utf8')).trim().split('\n'),
  };
}

test('a service is installed, seen and removed without a trace', async () => {
  const { options, asked } = await fakeSystemd();
  expect(await serviceStatus(options)).toMatchObject({ installed: false });
  const status = await installService(options);
  expect(status).toMatchObject({
    installed: true,
    active: true,
    enabled: true,
    unit: join(options.unitDir, 'coop-agent.service'),
  });
  expect(await asked()).toEqual(
    expect.arrayContaining(['daemon-reload', 'enable coop-agent.service', 'restart coop-agent.service']),
  );
  expect(await removeService(options)).toEqual({ removed: true });
  expect(existsSync(status.unit)).toBe(false);
  expect(await asked()).toContain('disable --now coop-agent.service');
  expect(await removeService(options)).toEqual({ removed: false });
});

test('from inside the service its unit goes, and nothing stops the process that is removing it', async () => {
  const { options, asked } = await fakeSystemd();
  await installService(options);
  await removeService(options, true);
  expect(existsSync(join(options.unitDir, 'coop-agent.service'))).toBe(false);
  expect((await asked()).some((line) => /stop|--now/.test(line))).toBe(false);
});

test('where systemd does not run, nothing is written and what to do instead is said', async () => {
  const { options } = await fakeSystemd(
    'echo "System has not been booted with systemd as init system (PID 1). Can\'t operate." >&2; exit 1',
  );
  await expect(installService(options)).rejects.toMatchObject({
    message: expect.stringContaining('not been booted with systemd'),
    hint: expect.stringContaining('coop-agent run'),
  });
  expect(existsSync(options.unitDir)).toBe(false);
  expect(await serviceStatus(options)).toMatchObject({ installed: false, active: false, enabled: false });
});

test('the unit runs exactly the command, whatever its words hold', () => {
  const unit = unitText(
    {
      command: ['/a b/node', '100%', '$HOME', 'say "hi"', 'back\\slash'],
      stateDir: '/var/lib/coop',
      env: { COOP_AGENT_DIR: '/opt/a$b%' },
    },
    true,
  );
  expect(unit).toContain(String.raw`ExecStart="/a b/node" "100%%" "$$HOME" "say \"hi\"" "back\\slash"`);
  expect(unit).toContain('Environment="COOP_AGENT_DIR=/opt/a$b%%"');
  expect(unit).toContain('RestartPreventExitStatus=78');
  expect(unit).toContain('KillMode=process');
  expect(() => unitText({ command: ['a\nExecStartPre=reboot'], stateDir: '/' }, true)).toThrow(/line break/);
});
