import { expect, test } from 'vitest';
import { workRewards } from './reward-work.ts';

const rule = { capacity_ppm: 500_000, classes: { 'h100-sxm-80gb': 4_000_000, l4: 1_000_000 } };
const h100 = { class: 'h100-sxm-80gb', devices: 1, readySeconds: 100, rentedSeconds: 0 };
const l4 = { class: 'l4', devices: 1, readySeconds: 100, rentedSeconds: 100 };

test('being there is paid by value and seconds, work only to who did it', () => {
  expect(workRewards(rule, 1000n, [h100, l4])).toEqual({ parts: [400n, 600n], carried: 0n });
});

test('each device of a machine counts, and a class without a value nothing', () => {
  expect(workRewards(rule, 1000n, [{ ...h100, devices: 2 }, l4])).toEqual({ parts: [444n, 556n], carried: 0n });
  expect(workRewards(rule, 1000n, [{ ...h100, class: 'of-nobody' }, l4])).toEqual({ parts: [0n, 1000n], carried: 0n });
});

test('a day without work carries the part for work; the odd unit is in it', () => {
  expect(workRewards(rule, 1001n, [h100])).toEqual({ parts: [500n], carried: 501n });
  expect(workRewards(rule, 1001n, [])).toEqual({ parts: [], carried: 1001n });
});
