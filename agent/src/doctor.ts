import type { EngineInfo } from '@gpucoop/protocol/agent-api.ts';
import type { DoctorCheck, MachineTerms } from '@gpucoop/protocol/resources.ts';
import { findDevices } from './devices/detect.ts';
import { readHost } from './devices/host.ts';
import type { FoundDevices } from './devices/nvidia.ts';
import { ok } from './doctor/check.ts';
import { engineChecks, gpuHandover } from './doctor/engine-checks.ts';
import { diskSpace, memory, nodeVersion } from './doctor/host-checks.ts';
import { otherAgents } from './doctor/other-agents.ts';
import { serverChecks } from './doctor/server-checks.ts';
import { controlGroups, kernel, virtualisation } from './doctor/system-checks.ts';
import { termsChecks } from './doctor/terms-checks.ts';
import type { ServerAddress } from './server-connection.ts';

export type DoctorOptions = {
  stateDir: string;
  /** null: not enrolled. */
  server: ServerAddress | null;
  /** Rejects when no engine answers; the message is shown. */
  engine(): Promise<EngineInfo>;
  /** Why leases get no network, where the engine knows. */
  networkProblem?: string | null;
  terms: MachineTerms | null;
  engineRoot?: string;
  nvidiaSmi?: string;
  procRoot?: string;
  sysRoot?: string;
};

/** Looks at everything a provider needs. Never throws: what cannot be looked at is itself a finding. */
export async function runDoctor(options: DoctorOptions): Promise<DoctorCheck[]> {
  const { procRoot = '/proc', sysRoot = '/sys', terms } = options;
  const roots = { procRoot, sysRoot };
  const hostFacts = readHost({ ...roots, stateDir: options.stateDir, engineRoot: options.engineRoot });
  const found = hostFacts.then((host) => findDevices({ ...options, hostMemoryMib: host.memory_mib }));
  const engine = withTimeout(options.engine(), ENGINE_TIMEOUT_MS, 'The container engine did not answer in time');
  // Every one of these is awaited below, each by the checks that need it.
  for (const promise of [hostFacts, found, engine]) promise.catch(() => undefined);

  const groups: [string, () => Promise<DoctorCheck[]> | DoctorCheck[]][] = [
    ['Node', () => [nodeVersion(process.versions.node)]],
    ['kernel', () => [kernel()]],
    ['virtualisation', () => virtualisation(procRoot)],
    ['control groups', async () => [await controlGroups(roots)]],
    ['memory', async () => [memory((await hostFacts).memory_mib, terms)]],
    ['disk space', async () => [diskSpace(await hostFacts)]],
    ['container engine', () => engineChecks(engine, options.networkProblem ?? null)],
    ['GPU driver', async () => gpuDrivers(await found)],
    ['GPU in containers', async () => gpuHandover((await found).devices, await engine.catch(() => null))],
    ['server', () => serverChecks(options.server)],
    ['terms', () => termsChecks(terms)],
    ['other agents', () => otherAgents(options.stateDir, procRoot)],
  ];
  return (await Promise.all(groups.map(([name, look]) => guarded(name, look)))).flat();
}

const ENGINE_TIMEOUT_MS = 15_000;

function gpuDrivers({ devices, checks }: FoundDevices): DoctorCheck[] {
  return devices.length === 0 && checks.length === 0
    ? [ok('GPU driver', 'no GPU: this machine offers class cpu')]
    : checks;
}

async function guarded(name: string, look: () => Promise<DoctorCheck[]> | DoctorCheck[]): Promise<DoctorCheck[]> {
  try {
    return await look();
  } catch (error) {
    return [
      {
        name,
        status: 'failed',
        found: `could not be looked at: ${(error as Error).message}`,
        hint: 'Run the doctor again as root',
      },
    ];
  }
}

async function withTimeout<Value>(promise: Promise<Value>, timeoutMs: number, message: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
