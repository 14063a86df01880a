import type { Logger } from 'pino';
import type { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import { detectMachine, type DetectOptions } from './devices/detect.ts';
import { watchOwnerUse, type OwnerUse, type OwnerUseWatch } from './devices/owner-use.ts';
import type { Engine } from './engine/engine.ts';
import { findFirstProcesses } from './first-processes.ts';
import type { Lease } from './lease.ts';

/** What this machine is and whether its owner uses it, kept up to date. */
export type Survey = {
  facts(): MachineFacts;
  cpuOwnerBusy(): boolean;
  use(): OwnerUse;
  refresh(): Promise<void>;
  stop(): Promise<void>;
};

type SurveyOptions = {
  engine: Pick<Engine, 'info'>;
  detect: DetectOptions;
  leases(): readonly Lease[];
  onFactsChange(): void;
  onUseChange(): void;
  log: Logger;
};

/** Free disk moves all the time; a smaller step than this is no news. */
const DISK_STEP_MIB = 1024;

export async function openSurvey(options: SurveyOptions): Promise<Survey> {
  const { engine, log } = options;
  let host = await detectMachine(options.detect);
  let info = await engine.info();
  let watch = watchUse();

  return {
    facts,
    cpuOwnerBusy: () => watch.current().cpu_owner_busy,
    use: () => watch.current(),
    refresh: async () => {
      const before = facts();
      try {
        // What cannot be asked now is as it was.
        info = await engine
          .info()
          .catch((error: unknown) => (log.warn({ err: error }, 'the engine did not answer'), info));
        host = await detectMachine(options.detect);
      } catch (error) {
        log.warn({ err: error }, 'the machine could not be looked at');
      }
      if (before.devices.map(identity).join() !== host.devices.map(identity).join()) {
        await watch.stop();
        watch = watchUse();
      }
      if (isNews(before, facts())) options.onFactsChange();
    },
    stop: () => watch.stop(),
  };

  function facts(): MachineFacts {
    const { devices } = watch?.current() ?? { devices: new Map() };
    return {
      ...host,
      devices: host.devices.map((device) => ({ ...device, ...devices.get(device.uuid) })),
      engine: info,
    };
  }

  function watchUse(): OwnerUseWatch {
    return watchOwnerUse({
      facts: host,
      ownContainers: () =>
        findFirstProcesses(
          options.leases().flatMap((lease) => (lease.ended ? [] : [lease.record.container_id ?? []].flat())),
        ),
      onChange: () => {
        options.onFactsChange(); // a device's owner_busy is one of its facts
        options.onUseChange();
      },
      onError: (error) => log.warn({ err: error }, "the owner's use could not be looked at"),
      ...(options.detect.nvidiaSmi !== undefined && { nvidiaSmi: options.detect.nvidiaSmi }),
    });
  }
}

const identity = (device: { uuid: string; class: string }) => `${device.uuid} ${device.class}`;

function isNews(before: MachineFacts, after: MachineFacts): boolean {
  if (Math.abs(before.disk_free_mib - after.disk_free_mib) >= DISK_STEP_MIB) return true;
  return steady(before) !== steady(after);
}

/** Without what changes from second to second. */
function steady(facts: MachineFacts): string {
  const devices = facts.devices.map((device) => ({ ...device, utilization_percent: null, memory_used_mib: null }));
  return JSON.stringify({ ...facts, devices, disk_free_mib: 0 });
}
