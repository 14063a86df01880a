import { nominalMemoryMib } from '@gpucoop/protocol/gpu-classes.ts';
import { decimalDollars } from '@gpucoop/protocol/money.ts';
import { noMatchCodes, noMatchReasons, type NoMatchReason } from '@gpucoop/protocol/reasons.ts';
import type { Explanation } from '@gpucoop/protocol/resources.ts';
import type { Spec } from '@gpucoop/protocol/spec.ts';
import { priceOf, type Judgement } from './matching.ts';
import type { Supply } from './supply.ts';

/** Why offers did not match, and what giving way on each single condition would bring. */
export function explain(judgements: Judgement[], spec: Spec, renterPpm: number): Explanation {
  const failed = new Map<NoMatchReason, number>();
  const only = new Map<NoMatchReason, Supply[]>();
  for (const judgement of judgements) {
    if ('match' in judgement) continue;
    const [first, second] = judgement.failures;
    if (first === undefined) continue;
    failed.set(first, (failed.get(first) ?? 0) + 1);
    if (second !== undefined) continue;
    const supplies = only.get(first);
    if (supplies === undefined) only.set(first, [judgement.supply]);
    else supplies.push(judgement.supply);
  }
  return {
    offers: judgements.length,
    matching: judgements.filter((judgement) => 'match' in judgement).length,
    failed: noMatchCodes.flatMap((reason) => {
      const offers = failed.get(reason);
      return offers === undefined ? [] : [{ reason, offers }];
    }),
    relaxing: noMatchCodes.flatMap((reason) => {
      const supplies = only.get(reason);
      if (supplies === undefined) return [];
      return [{ reason, offers: supplies.length, example: nearest(reason, supplies, spec, renterPpm) }];
    }),
  };
}

/** The nearest value that would match, as a person would say it. */
function nearest(reason: NoMatchReason, supplies: Supply[], spec: Spec, renterPpm: number): string {
  const [first] = supplies;
  if (first === undefined) return noMatchReasons[reason];
  const most = (value: (supply: Supply) => number): number =>
    supplies.reduce((highest, supply) => Math.max(highest, value(supply)), 0);
  switch (reason) {
    case 'price': {
      const units = Math.max(1, spec.resources.gpu?.count.min ?? spec.resources.cpus.min);
      const cheapest = supplies
        .map((supply) => priceOf(supply, Math.max(units, supply.terms.min_units), renterPpm))
        .reduce((least, price) => (price < least ? price : least));
      return `--max-price ${decimalDollars(cheapest)}`;
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
