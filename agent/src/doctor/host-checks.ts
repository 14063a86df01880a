import type { DoctorCheck, MachineTerms } from '@gpucoop/protocol/resources.ts';
import type { Host } from '../devices/host.ts';
import { failed, ok, warning } from './check.ts';

export const NODE_MAJOR_MIN = 24;

export function nodeVersion(version: string): DoctorCheck {
  if (Number.parseInt(version, 10) >= NODE_MAJOR_MIN) return ok('Node', version);
  return failed('Node', `${version} is too old`, `Run the join command again: it brings Node ${NODE_MAJOR_MIN}`);
}

const MEMORY_LOW_MIB = 1024;

export function memory(memoryMib: number, terms: MachineTerms | null): DoctorCheck {
  const reserved = terms?.reserve_memory_mib ?? 0;
  const rentable = memoryMib - reserved;
  const found = `${gib(memoryMib)}${reserved > 0 ? `, ${gib(reserved)} kept for you` : ''}`;
  if (rentable <= 0)
    return failed(
      'memory',
      `${found}: nothing is left to rent out`,
      'Keep less: coop machine price MACHINE --reserve-memory 1GB',
    );
  return rentable < MEMORY_LOW_MIB
    ? warning('memory', found, 'Few workloads fit in less than 1 GiB')
    : ok('memory', found);
}

const DISK_LOW_MIB = 20 * 1024;
const DISK_OUT_MIB = 2 * 1024;

export function diskSpace({
  disk_free_mib: free,
  disk_total_mib: total,
}: Pick<Host, 'disk_free_mib' | 'disk_total_mib'>): DoctorCheck {
  const found = `${gib(free)} of ${gib(total)} free`;
  const hint = 'See what takes it: docker system df   and free what you do not need: docker image prune';
  if (free < DISK_OUT_MIB) return failed('disk space', found, hint);
  return free < DISK_LOW_MIB
    ? warning('disk space', `${found}: GPU images often take 10 GiB or more`, hint)
    : ok('disk space', found);
}

function gib(mib: number): string {
  return `${(mib / 1024).toFixed(mib < 10 * 1024 ? 1 : 0)} GiB`;
}
