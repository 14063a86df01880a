import { execFile } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** The agent as a systemd service: of the system for root, else of the user, kept running while nobody is logged in. */

export type ServiceOptions = {
  /** What `ExecStart` runs: Node, the agent's file, `run` and its flags. */
  command: string[];
  stateDir: string;
  /** Variables the unit sets; nothing secret, as unit files are readable by all. */
  env?: Record<string, string>;
  name?: string;
  /** Tests give a directory and a stand-in for systemctl. */
  unitDir?: string;
  systemctl?: string;
  isRoot?: boolean;
};

export type ServiceStatus = { installed: boolean; active: boolean; enabled: boolean; unit: string; logs: string };

const UNIT = 'coop-agent.service';

/** With which `run` ends when there is nothing left to run for: do not start me again. */
export const REMOVED_EXIT_CODE = 78;

export async function installService(options: ServiceOptions): Promise<ServiceStatus> {
  const place = placeOf(options);
  await assertSystemd(place);
  await mkdir(place.unitDir, { recursive: true });
  await writeFile(place.unitFile, unitText(options, place.isRoot), { mode: 0o644 });
  await systemctl(place, ['daemon-reload']);
  await systemctl(place, ['enable', place.unit]);
  // Restart, not start: after an update the new agent runs. Its containers go on meanwhile.
  await systemctl(place, ['restart', place.unit]);
  if (!place.isRoot) await lingering();
  return serviceStatus(options);
}

/**
 * Idempotent: what is not there is not missed. From `inside` the service nothing is stopped: with its unit gone it is not started
 * again once it ends by itself, while stopping it here would end the removal half way.
 */
export async function removeService(
  options: Omit<ServiceOptions, 'command'>,
  inside = false,
): Promise<{ removed: boolean }> {
  const place = placeOf(options);
  if (!(await exists(place.unitFile))) return { removed: false };
  await systemctl(place, ['disable', ...(inside ? [] : ['--now']), place.unit]).catch(() => undefined);
  await rm(place.unitFile, { force: true });
  await systemctl(place, ['daemon-reload']).catch(() => undefined);
  return { removed: true };
}

export async function serviceStatus(options: Omit<ServiceOptions, 'command'>): Promise<ServiceStatus> {
  const place = placeOf(options);
  const says = async (verb: string, yes: string) => {
    try {
      return (await systemctl(place, [verb, place.unit])) === yes;
    } catch {
      return false;
    }
  };
  return {
    installed: await exists(place.unitFile),
    active: await says('is-active', 'active'),
    enabled: await says('is-enabled', 'enabled'),
    unit: place.unitFile,
    logs: `journalctl ${place.isRoot ? '' : '--user '}-u ${place.unit} -f`,
  };
}

/** Exported for tests. */
export function unitText(
  { command, stateDir, env = {} }: Pick<ServiceOptions, 'command' | 'stateDir' | 'env'>,
  isRoot: boolean,
): string {
  return `[Unit]
Description=Coop agent: rents out this machine
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target${isRoot ? ' docker.service podman.socket' : ''}
# Try for ever: a machine that is offline for a night must come back by itself.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${command.map((word) => unitQuoted(word)).join(' ')}
WorkingDirectory=${stateDir.replaceAll('%', '%%')}
${Object.entries(env)
  .map(([name, value]) => `Environment=${unitQuoted(`${name}=${value}`, 'plain')}\n`)
  .join('')}Restart=always
RestartSec=5
# The server does not know this machine any more.
RestartPreventExitStatus=${REMOVED_EXIT_CODE}
# The containers of running leases are the engine's and go on; only the agent itself is stopped.
KillMode=process
KillSignal=SIGTERM
TimeoutStopSec=30
LimitNOFILE=65536

[Install]
WantedBy=${isRoot ? 'multi-user.target' : 'default.target'}
`;
}

/** systemd expands % everywhere and $ in command lines; in quotes only \\ and " must be written otherwise. */
function unitQuoted(text: string, where: 'command' | 'plain' = 'command'): string {
  if (/[\n\r\0]/.test(text)) throw new CoopError('invalid_request', 'A unit file cannot hold a line break.');
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return `"${where === 'command' ? escaped.replaceAll('$', '$$$$') : escaped}"`;
}

type Place = { isRoot: boolean; unit: string; unitDir: string; unitFile: string; program: string };

function placeOf(options: Omit<ServiceOptions, 'command'>): Place {
  const isRoot = options.isRoot ?? process.getuid?.() === 0;
  const unit = options.name ?? UNIT;
  const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
  const unitDir = options.unitDir ?? (isRoot ? '/etc/systemd/system' : join(config, 'systemd/user'));
  return { isRoot, unit, unitDir, unitFile: join(unitDir, unit), program: options.systemctl ?? 'systemctl' };
}

async function assertSystemd(place: Place): Promise<void> {
  const reason = await systemctl(place, ['show', '--property=Version']).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
  if (reason === undefined) return;
  throw new CoopError('unavailable', `systemd does not answer here${place.isRoot ? '' : ' for this user'}: ${reason}`, {
    hint: place.isRoot
      ? 'Start the agent by whatever starts services on this machine: coop-agent run'
      : 'Log in as this user directly (not by su), or install as root',
  });
}

/** Without it systemd ends a user's services when his last session ends. Polkit may refuse; then it is said. */
async function lingering(): Promise<void> {
  try {
    await promisify(execFile)('loginctl', ['enable-linger'], { timeout: 10_000 });
  } catch (cause) {
    throw new CoopError('forbidden', 'The service runs, but will end when you log out.', {
      cause,
      hint: `Once: sudo loginctl enable-linger ${process.env.USER ?? ''}`.trim(),
    });
  }
}

async function systemctl(place: Place, args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(place.program, [...(place.isRoot ? [] : ['--user']), ...args], {
      timeout: 30_000,
    });
    return stdout.trim();
  } catch (cause) {
    const { stderr, message } = cause as Error & { stderr?: string };
    throw new CoopError('unavailable', (stderr?.trim() || message).split('\n')[0]!, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
