import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ionet } from './presets/ionet.ts';
import { weightRewards, type WeighedMachine } from './reward-weight.ts';

const block = ionet.policy.rewards['block']!;
if (block.kind !== 'weight') throw new Error('weight');
const sum = (parts: readonly bigint[]): bigint => parts.reduce((total, part) => total + part, 0n);

const machine = fc.record({
  class: fc.constantFrom('h100-sxm-80gb', 'rtx-4090', 'rtx-3060-12gb', 'a40', 'of-nobody-8gb'),
  devices: fc.integer({ min: 1, max: 8 }),
  eligible: fc.boolean(),
});

test('what is granted and carried is what was released, whoever is there', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.array(machine, { maxLength: 40 }), (released, machines) => {
      const { parts, carried } = weightRewards(block, released, machines);
      expect(sum(parts) + carried).toBe(released);
      for (const [n, part] of parts.entries()) if (!machines[n]!.eligible) expect(part).toBe(0n);
    }),
  );
});

test('8 H100 weigh as 64 cards of 4090, and community cards divide their own twentieth', () => {
  const h100: WeighedMachine = { class: 'h100-sxm-80gb', devices: 8, eligible: true };
  const rtx4090: WeighedMachine = { class: 'rtx-4090', devices: 64, eligible: true };
  const rtx3060: WeighedMachine = { class: 'rtx-3060-12gb', devices: 1, eligible: true };
  expect(weightRewards(block, 200n, [h100, rtx4090, rtx3060])).toEqual({ parts: [95n, 95n, 10n], carried: 0n });
});

test('the share of a pool without anybody is carried, not given to the others', () => {
  const alone: WeighedMachine = { class: 'rtx-3060-12gb', devices: 1, eligible: true };
  expect(weightRewards(block, 200n, [alone])).toEqual({ parts: [10n], carried: 190n });
  expect(weightRewards(block, 200n, [])).toEqual({ parts: [], carried: 200n });
});

test('a class that was dropped, one that nobody knows, and who is not eligible get nothing', () => {
  const none: WeighedMachine[] = [
    { class: 'a40', devices: 8, eligible: true },
    { class: 'of-nobody-8gb', devices: 8, eligible: true },
    { class: 'h100-sxm-80gb', devices: 8, eligible: false },
  ];
  expect(weightRewards(block, 100n, none)).toEqual({ parts: [0n, 0n, 0n], carried: 100n });
});
