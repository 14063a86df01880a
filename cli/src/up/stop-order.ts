import type { Client } from '@gpucoop/sdk/client.ts';
import { count } from '../look/units.ts';

const ASK_MS = 2000;

/** How many leases go on at this machine without us; undefined when nobody can say. */
export async function leasesLeft(
  client: Client | undefined,
  machineId: string | undefined,
): Promise<number | undefined> {
  if (client === undefined || machineId === undefined) return undefined;
  const tooLate = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ASK_MS).unref());
  const asked = client.machines.get(machineId).then(
    (machine) => machine.leases.filter((lease) => lease.state !== 'ended').length,
    () => undefined,
  );
  return Promise.race([asked, tooLate]);
}

export function leftWords(leases: number | undefined): string {
  if (leases === undefined || leases === 0) return 'Stopped. The state is kept; coop up goes on from it.';
  return `Stopped. ${count(leases, 'lease keeps', 'leases keep')} running; coop up re-adopts ${leases === 1 ? 'it' : 'them'}.`;
}
