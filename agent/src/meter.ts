import { signStatement, type Signer, type Statement } from '@gpucoop/protocol/evidence.ts';
import type { MachineClock } from './machine-clock.ts';
import type { ServedMark } from './served-mark.ts';

/** Signs what a lease has served, cumulatively, and never less than before. */
export type Meter = {
  line(containerId: string, servedMs: number, final: boolean): Statement<'meter'>;
  highestMs(): number;
};

export function openMeter(leaseId: string, signer: Signer, clock: MachineClock, mark: ServedMark): Meter {
  return {
    highestMs: () => mark.read(),
    line: (containerId, servedMs, final) => {
      mark.raise(servedMs);
      const body = { lease_id: leaseId, container_id: containerId, served_ms: mark.read(), final };
      return signStatement('meter', body, clock.now().toISOString(), signer);
    },
  };
}
