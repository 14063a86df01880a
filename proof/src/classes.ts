import type { Bounds } from './bounds.ts';
import { classTable, neededPercent } from './class-table.ts';
import type { ClassRow } from './class-table.ts';

/** Which axes of a class the bounds support. A class is supported when all are; what a driver calls the card never counts. */
export type ClassSupport = { memory: boolean; bandwidth: boolean; arithmetic: boolean };

/** Undefined for a class that the table does not know, for which nothing can be said. */
export function supportFor(slug: string, bounds: Bounds): ClassSupport | undefined {
  const row = classTable.find((one) => one.slug === slug);
  return row === undefined ? undefined : supportOf(row, bounds);
}

/** All classes that the bounds support: a large card also has what a small one has. */
export function supportedClasses(bounds: Bounds): string[] {
  return classTable
    .filter((row) => Object.values(supportOf(row, bounds)).every((axis) => axis))
    .map(({ slug }) => slug);
}

function supportOf({ memoryGib, gigabytesPerSecond, int8Tops }: ClassRow, bounds: Bounds): ClassSupport {
  const enough = (has: bigint, sheet: bigint, percent: bigint): boolean => has * 100n >= sheet * percent;
  return {
    memory: enough(bounds.residentBytes, BigInt(memoryGib) << 30n, neededPercent.memory),
    bandwidth: enough(bounds.bytesPerSecond, BigInt(gigabytesPerSecond) * 10n ** 9n, neededPercent.bandwidth),
    arithmetic: enough(bounds.operationsPerSecond, BigInt(int8Tops) * 10n ** 12n, neededPercent.arithmetic),
  };
}
