import { gpuClasses } from '@gpucoop/protocol/gpu-class-table.ts';
import { sampleSupply } from '@gpucoop/server/market/sample-supply.ts';
import type { Supply } from '@gpucoop/server/market/supply.ts';

const CLASSES = ['rtx-3090', 'rtx-4090', 'rtx-5090', 'a100-sxm-80gb', 'h100-sxm-80gb', 'l40s', 'rtx-3060-12gb', 'cpu'];
const REGIONS = ['eu-central', 'eu-north', 'us-east', 'us-west', 'ap-east'];

/** So many offers as a market might have them: most online, a third rented, a tenth with quiet hours. The same at every call. */
export function marketOf(count: number): Supply[] {
  const random = repeatable(1);
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  return Array.from({ length: count }, (_, n) => {
    const name = pick(CLASSES);
    const card = gpuClasses.find(({ slug }) => slug === name);
    if (card === undefined) throw new Error(`there is no class ${name}`);
    const units_total = pick([1, 1, 2, 4, 8]);
    const sample = sampleSupply();
    const quiet = random() < 0.1 ? [{ from: '22:00', to: '06:00' }] : [];
    return {
      ...sample,
      id: `off_${String(n).padStart(6, '0')}`,
      machine_id: `mch_${n}`,
      class: card.slug,
      vendor: card.vendor,
      units_total,
      units_free: random() < 0.33 ? 0 : units_total,
      device_memory_mib: card.memoryGib * 1000,
      price_micros_per_unit_hour: BigInt(50_000 + Math.floor(random() * 3_000_000)),
      terms: { ...sample.terms, quiet_hours: quiet, region: pick(REGIONS) },
      presence: random() < 0.9 ? 'online' : 'unknown',
      reliability_ppm: 600_000 + Math.floor(random() * 400_000),
    };
  });
}

/** Numbers in [0, 1) that only look random (mulberry32). */
function repeatable(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
