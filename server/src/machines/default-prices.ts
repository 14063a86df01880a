/**
 * What a machine asks before its provider says otherwise, in micros per unit and hour. GPU figures are marketplace prices of
 * single cards as SkyPilot's catalogue gives them for Vast (undated; read as a floor); the CPU figure is about half of what the
 * big clouds ask for a shared vCPU. A class without a figure starts at the fallback per GiB of device memory.
 */
const askingPriceMicros: Record<string, bigint> = {
  cpu: 20_000n,
  'rtx-3090': 250_000n,
  'rtx-4090': 400_000n,
  'rtx-5090': 480_000n,
  'rtx-a6000': 430_000n,
  l40s: 600_000n,
  'a100-sxm-40gb': 760_000n,
  'a100-pcie-40gb': 670_000n,
  'a100-pcie-80gb': 870_000n,
  'a100-sxm-80gb': 930_000n,
  'h100-pcie-80gb': 1_800_000n,
  'h100-sxm-80gb': 1_870_000n,
  'h200-sxm-141gb': 2_650_000n,
  'b200-sxm-180gb': 4_700_000n,
};

const FALLBACK_MICROS_PER_GIB = 12_000n;

export function defaultAskingPrice(deviceClass: string, deviceMemoryMib: number): bigint {
  const known = askingPriceMicros[deviceClass];
  if (known !== undefined) return known;
  const gib = BigInt(Math.max(1, Math.round(deviceMemoryMib / 1024)));
  return gib * FALLBACK_MICROS_PER_GIB;
}
