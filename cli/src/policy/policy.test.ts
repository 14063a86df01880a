import { policyJson } from '@gpucoop/policy/policy.ts';
import { presets } from '@gpucoop/policy/presets/presets.ts';
import { expect, test } from 'vitest';
import { makeLook } from '../look/colours.ts';
import { textWidth } from '../look/text.ts';
import { compare } from './compare.ts';
import { renderOne, renderTwo } from './render.ts';
import { rowsOf } from './rows/rows.ts';
import { span, tokens } from './values.ts';

const look = makeLook(false);
const { standby, ionet, aethir } = presets as Record<'standby' | 'ionet' | 'aethir', (typeof presets)[string]>;
const three = [ionet, aethir, standby];

test('every key of every preset belongs to a line, and a line with any of its keys changed is not the same', () => {
  for (const [name, { policy }] of Object.entries(presets)) {
    const covered = rowsOf([policy]).flatMap(({ paths }) => paths);
    const missing = leavesOf(policyJson(policy)).filter(
      (leaf) => !covered.some((path) => leaf === path || leaf.startsWith(`${path}.`) || path.startsWith(`${leaf}.`)),
    );
    expect(missing, name).toEqual([]);
  }
  // The ninth point of a curve is not shown.
  const changed = structuredClone(standby.policy);
  const curve = changed.emission!.pools['standby']!;
  if (curve.kind === 'points') curve.points[8]!.total += 1n;
  const other = { policy: changed, sources: {} };
  expect(
    compare([standby, other])
      .filter(({ same }) => !same)
      .map(({ rule }) => rule),
  ).toEqual(['pool standby']);
});

test('two networks and the default stand side by side, with a mark and the kind of source', () => {
  const lines = compare(three).filter(({ subject }) => subject === 'Fees');
  expect(renderTwo(['ionet', 'aethir', 'standby'], lines, { sources: false, look, width: 120 })).toMatchInlineSnapshot(`
    "                   ionet                               aethir                           standby (Coop's default)

    Fees
    paid in dollars    renter 2.25 %, provider 2.25 %   ≠  renter 0 %, provider 20 %        renter 0 %, provider 5 %
                       [published 2025-09-12]              [published 2025]                 [ours]
    paid in the token  renter 0.25 %, provider 0.25 %   ≠  renter 0 %, provider 20 %        renter 0 %, provider 5 %
                       [published 2025-09-12]              [published 2025]                 [ours]
    token discount     none                             =  none                             2 % of the price
                       [published 2025-09-12]              [published 2025]                 [ours]
    go to              50 % burn, 50 % vault            ≠  100 % treasury                   20 % burn, 50 % standby, 30 %
                       [reported 2026]                     [published 2024]                 treasury
                                                                                            [ours]
    referral           none                             =  none                             10 % of the fees
                       [assumed]                           [assumed]                        [ours]
    provider is paid   at once                          ≠  after 45d                        after 1d
                       [published 2025-09-12]              [published 2025]                 [ours]"
  `);
});

test('what a network has not is told with its source, and what only differs in words is not called the same', () => {
  const pledges = compare(three).find(({ subject }) => subject === 'Pledges')!;
  expect(pledges).toMatchObject({ values: [null, null, expect.stringContaining('30d')], same: true });
  expect(pledges.sources[0]).toMatchObject({ kind: 'published', text: 'none' });
  const cooldown = compare(three).find(({ rule }) => rule === 'leaving takes')!;
  expect(cooldown).toMatchObject({ values: ['14d', '180d', '14d'], same: false });
});

test('no line is wider than the terminal, and no digit is cut', () => {
  const text = renderTwo(['ionet', 'aethir', 'standby'], compare(three), { sources: true, look, width: 110 });
  expect(Math.max(...text.split('\n').map(textWidth))).toBeLessThanOrEqual(110);
  expect(text).toContain('0.00138869523959793 %');
  expect(renderOne('ionet', compare([ionet]), look, Infinity)).toContain('200 IO × max(1, weight) × devices');
});

test('amounts are exact where that is short, and name their token', () => {
  const ATH = { symbol: 'ATH', decimals: 18 };
  expect(tokens(42n * 10n ** 27n, ATH)).toBe('42,000 M ATH');
  expect(tokens(1_334_220_000_000_000_000_000n, ATH)).toBe('1,334.22 ATH');
  expect(tokens(1n, ATH)).toBe('0.000000000000000001 ATH');
  expect(tokens(0n, ATH)).toBe('0 ATH');
  expect([span(31_557_600), span(7_889_400), span(86_400), span(90 * 86_400)]).toEqual([
    '1 year',
    '3 months',
    '1d',
    '90d',
  ]);
});

function leavesOf(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, path === '' ? key : `${path}.${key}`));
}
