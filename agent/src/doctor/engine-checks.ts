import type { EngineInfo } from '@gpucoop/protocol/agent-api.ts';
import type { DeviceInfo, DoctorCheck } from '@gpucoop/protocol/resources.ts';
import { driverTool } from '../devices/driver-tool.ts';
import { failed, ok, warning } from './check.ts';

const names = { docker: 'Docker', podman: 'Podman', process: 'plain processes' };

export async function engineChecks(engine: Promise<EngineInfo>, networkProblem: string | null): Promise<DoctorCheck[]> {
  let info: EngineInfo;
  try {
    info = await engine;
  } catch (error) {
    return [
      failed(
        'container engine',
        (error as Error).message,
        process.getuid?.() === 0
          ? 'Start it: systemctl start docker   or install it: https://docs.docker.com/engine/install'
          : 'Start it: sudo systemctl start docker   and let this user use it: sudo usermod -aG docker $USER, then log in again',
      ),
    ];
  }
  if (info.name === 'process') {
    return [
      warning(
        'container engine',
        'none: workloads run as plain processes, without isolation',
        'Only good on a local network. Install Docker: https://docs.docker.com/engine/install',
      ),
    ];
  }
  return [
    ok('container engine', `${names[info.name]} ${info.version}`),
    liveRestore(info),
    network(info, networkProblem),
    diskLimits(info),
  ];
}

function liveRestore(info: EngineInfo): DoctorCheck {
  if (info.name === 'podman') return ok('engine restarts', 'containers of podman need no daemon');
  if (info.live_restore) return ok('engine restarts', 'live-restore is on: leases outlive a restart of Docker');
  return warning(
    'engine restarts',
    'live-restore is off: a restart or update of Docker ends every lease, at your expense',
    'Put "live-restore": true into /etc/docker/daemon.json, then: sudo systemctl reload docker',
  );
}

function network(info: EngineInfo, problem: string | null): DoctorCheck {
  if (info.network === 'internet') return ok('network isolation', 'workloads reach the internet and nothing private');
  const because = problem === null ? '' : `: ${problem}`;
  return warning(
    'network isolation',
    `the rules that keep workloads out of your network could not be set, so they get no network${because}`,
    process.getuid?.() === 0
      ? 'Install iptables: sudo apt install iptables   then restart the agent'
      : 'Run the agent as root, which the rules need: sudo, then the join command again',
  );
}

function diskLimits(info: EngineInfo): DoctorCheck {
  if (info.disk_limit === 'enforced') return ok('disk limits', 'enforced by the engine');
  return warning(
    'disk limits',
    'watched, not enforced: a workload that takes more disk than it rented is ended soon after',
    'Docker enforces them on xfs mounted with pquota, and with the btrfs and zfs storage drivers',
  );
}

/** Whether the GPUs that were found can be given to a container. */
export async function gpuHandover(devices: readonly DeviceInfo[], engine: EngineInfo | null): Promise<DoctorCheck[]> {
  if (devices.length === 0 || engine === null) return [];
  const name = 'GPU in containers';
  if (engine.gpu === 'cdi') return [ok(name, 'by CDI')];
  if (engine.gpu === 'nvidia-runtime') return [ok(name, "by NVIDIA's container runtime")];
  if (engine.gpu === 'simulated')
    return [warning(name, 'simulated: workloads get no real GPU', 'Only for trying Coop out')];
  if (engine.gpu === 'process') return [ok(name, 'plain processes see them all')];
  if (devices.every((device) => device.vendor !== 'nvidia')) {
    return [failed(name, 'only GPUs of NVIDIA can be handed to containers so far', 'This machine can offer class cpu')];
  }
  const toolkit = await driverTool('nvidia-ctk')(['--version']);
  return [
    failed(
      name,
      `the engine has no way to hand over a GPU${toolkit.kind === 'absent' ? ", and NVIDIA's container toolkit is not installed" : ''}`,
      toolkit.kind === 'absent'
        ? 'Install nvidia-container-toolkit: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html'
        : engine.name === 'podman'
          ? 'sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml'
          : 'sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker',
    ),
  ];
}
