/**
 * What a card of a class has by its data sheet: memory in GiB, bandwidth in GB/s (10⁹), dense int8 in TOPS. Sources: the vendors' data
 * sheets of these cards. Nothing here is measured.
 */
export type ClassRow = { slug: string; memoryGib: number; gigabytesPerSecond: number; int8Tops: number };

export const classTable: readonly ClassRow[] = [
  { slug: 't4', memoryGib: 16, gigabytesPerSecond: 320, int8Tops: 130 },
  { slug: 'l4', memoryGib: 24, gigabytesPerSecond: 300, int8Tops: 242 },
  { slug: 'rtx-3090', memoryGib: 24, gigabytesPerSecond: 936, int8Tops: 284 },
  { slug: 'rtx-4090', memoryGib: 24, gigabytesPerSecond: 1008, int8Tops: 660 },
  { slug: 'rtx-5090', memoryGib: 32, gigabytesPerSecond: 1792, int8Tops: 838 },
  { slug: 'l40s', memoryGib: 48, gigabytesPerSecond: 864, int8Tops: 733 },
  { slug: 'a100-sxm-80gb', memoryGib: 80, gigabytesPerSecond: 2039, int8Tops: 624 },
  { slug: 'a100-pcie-80gb', memoryGib: 80, gigabytesPerSecond: 1935, int8Tops: 624 },
  { slug: 'h100-pcie-80gb', memoryGib: 80, gigabytesPerSecond: 2000, int8Tops: 1513 },
  { slug: 'h100-sxm-80gb', memoryGib: 80, gigabytesPerSecond: 3350, int8Tops: 1979 },
  { slug: 'h200-sxm-141gb', memoryGib: 141, gigabytesPerSecond: 4800, int8Tops: 1979 },
  { slug: 'b200-sxm-180gb', memoryGib: 180, gigabytesPerSecond: 8000, int8Tops: 4500 },
  { slug: 'mi300x', memoryGib: 192, gigabytesPerSecond: 5300, int8Tops: 2614 },
];

/**
 * The part of the data sheet that must be proven. Memory: a challenge fills 92 %, of which 95 % is certain. Bandwidth: simple kernels reach
 * 85 % of it, less the same and the way there and back. Arithmetic: high enough that an RTX 3090 at its peak is no RTX 4090 (43 %) and an
 * A100 no H100 PCIe (41 %); what our kernels reach on each card has still to be measured.
 */
export const neededPercent = { memory: 85n, bandwidth: 70n, arithmetic: 45n } as const;
