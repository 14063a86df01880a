import { nominalMemoryMib } from '@gpucoop/protocol/gpu-classes.ts';
import { decimalDollars } from '@gpucoop/protocol/money.ts';
import { noMatchCodes, noMatchReasons, type NoMatchReason } from '@gpucoop/protocol/reasons.ts';
import type { Explanation } from '@gpucoop/protocol/resources.ts';
import type { Spec } from '@gpucoop/protocol/spec.ts';
import { priceOf, type Judgement } from './matching.ts';
import type { Supply } from './supply.ts';

/** Why offers did not match, and what giving way on each single condition would bring. */
export function explain(judgements: Judgement[], spec: Spec, renterPpm: number): Explanation {
  const failed = judgements.flatMap((judgement) => ('failures' in judgement ? [judgement] : []));
  return {
    offers: judgements.length,
    matching: judgements.length - failed.length,
    failed: noMatchCodes
      .map((reason) => ({ reason, offers: failed.filter(({ failures }) => failures[0] === reason).length }))
      .filter(({ offers }) => offers > 0),
    relaxing: noMatchCodes.flatMap((reason) => {
      const only = failed.filter(({ failures }) => failures.every((failure) => failure === reason));
      if (only.length === 0) return [];
      return [{ reason, offers: only.length, example: nearest(reason, only.map(({ supply }) => supply), spec, renterPpm) }];
    }),
  };
}

/** The nearest value that would match, as a person would say it. */
function nearest(reason: NoMatchReason, supplies: Supply[], spec: Spec, renterPpm: number): string {
  const [first] = supplies;
  if (first === undefined) return noMatchReasons[reason];
  const most = (value: (supply: Supply) => number): number => Math.max(...supplies.map(value));
  switch (reason) {
    case 'price': {
      const units = Math.max(1, spec.resources.gpu?.count.min ?? spec.resources.cpus.min);
      const cheapest = supplies.map((supply) => priceOf(supply, Math.max(units, supply.terms.min_units), renterPpm)).toSorted((a, b) => (a < b ? -1 : 1))[0];
      return `--max-price ${decimalDollars(cheapest ?? 0n)}`;
    }
    case 'vram':
      return `--gpu ${Math.floor(most((supply) => nominalMemoryMib(supply.class, supply.device_memory_mib)) / 1024)}GB..`;
    case 'class':
      return `--gpu ${[...new Set(supplies.map((supply) => supply.class))].slice(0, 4).join(',')}`;
    case 'devices':
      return `${most((supply) => supply.units_total)} devices at most on one machine`;
    case 'cpus':
      return `--cpu ${Math.floor(most((supply) => supply.unit_cpus * supply.units_total))}`;
    case 'memory':
      return `--memory ${most((supply) => supply.unit_memory_mib * supply.units_total)}MB`;
    case 'disk':
      return `--disk ${most((supply) => supply.disk_free_mib)}MB`;
    case 'term':
      return `--max-duration ${most((supply) => supply.terms.max_duration_s)}s`;
    case 'isolation':
      return `--isolation ${first.isolation}`;
    case 'architecture':
      return `an image for ${first.architecture}`;
    case 'where':
      return 'a wider --where';
    default:
      return '--wait, until it is back on the market';
  }
}
