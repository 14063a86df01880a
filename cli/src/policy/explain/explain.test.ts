import { presets } from '@gpucoop/policy/presets/presets.ts';
import { expect, test } from 'vitest';
import { answersOf } from './explain.ts';
import { questionFlags, readQuestion } from './question.ts';

type Given = Parameters<typeof readQuestion>[1];
const none = {
  ...Object.fromEntries(Object.keys(questionFlags).map((name) => [name, undefined])),
  'token-price': [],
} as unknown as Given;
const asked = (words: string | undefined, flags: Partial<Given> = {}) => readQuestion(words, { ...none, ...flags });
const of = (policy: string, question: ReturnType<typeof readQuestion>) =>
  Object.fromEntries(answersOf(presets[policy]!, question).map((answer) => [answer.title, answer]));

test('8 H100 among 5,000 machines: stake, reward per hour and fees, as the formulas give them by hand', () => {
  const question = asked('8 H100 among 5,000 machines', { 'token-price': ['0.20'], rent: '2.00' });
  const ionet = of('ionet', question);
  expect(ionet['stake']).toMatchObject({ value: '16,000 IO = $3,200.00', formula: '200 IO × max(1, 10) × 8 devices' });
  // 500e6 × 0.08 / 8760 × (1 − d)^8760 × 0.95 / 5000 by floats
  const hour = ((500e6 * 0.08) / 8760) * (1 - 1.38869523959793e-5) ** 8760 * (0.95 / 5000);
  expect(Number(ionet['reward, block']!.exact!['tokens_per_hour']) / 1e18).toBeCloseTo(hour, 9);
  expect(ionet['an hour in dollars']!.exact).toEqual({
    renter_pays_micros: '16360000',
    provider_gets_micros: '15640000',
  });
  expect(ionet['licence']!.value).toBe('none are sold');

  const aethir = of('aethir', question);
  expect(aethir['reward, compute']!.exact!['tokens_per_hour']).toMatch(/^287474\d{14}$/);
  expect(aethir['licence']!.value).toBe('0.1259 ETH = $377.70');

  const standby = of('standby', question);
  expect(standby['stake']!.exact).toEqual({ micros: String(16_000_000n * 168n) });
  expect(standby['idle machines paid']!.exact).toEqual({ paid: '155', idle: '16000', need: '24155' });
});

test('the next licence is the one after those that were sold, across a border of tiers, until none is left', () => {
  const licence = (sold: string) => of('aethir', asked('1 rtx-4090 among 10', { sold }))['licence']!.value;
  expect(licence('2299')).toMatch(/^0\.1259 ETH/);
  expect(licence('2300')).toMatch(/^0\.1448 ETH/);
  expect(licence('99999')).toMatch(/^1\.8232 ETH/);
  expect(licence('100000')).toBe('sold out');
});

test('pledges raise what is paid for waiting; a full network pays nobody to wait', () => {
  const before = of('standby', asked('1 rtx-4090 among 1000 machines'))['idle machines paid']!;
  const after = of('standby', asked('1 rtx-4090 among 1000 machines', { pledged: '100' }))['idle machines paid']!;
  expect(Number(after.exact!['paid'])).toBeGreaterThan(Number(before.exact!['paid']) + 50);
  expect(of('standby', asked('1 rtx-4090 among 1000', { rented: '100' }))['idle machines paid']!.exact!['paid']).toBe(
    '0',
  );
});

test('after June 2026 io.net owes dollars, and the pool bounds them', () => {
  const question = asked('1 rtx-4090 among 1000 machines', { after: '110w' });
  expect(Object.keys(of('ionet', question))).toContain('reward, ide');
  expect(of('ionet', question)['reward, ide']!.exact!['micros_per_hour']).toBe('60000'); // 20 % of $0.30
  const crowd = asked('8 H100 among 100000 machines', { after: '110w' });
  expect(of('ionet', crowd)['reward, ide']!.formula).toContain('the pool’s');
});

test('what is not said is assumed aloud, and flags win over words', () => {
  expect(asked(undefined).assumed).toHaveLength(5);
  const question = asked('2 rtx-3090 among 50', { gpu: 'rtx-4090:4', rented: '12.5', after: '1w', rent: '0.3' });
  expect(question).toMatchObject({
    class: 'rtx-4090',
    devices: 4,
    machines: 50,
    rentedPpm: 125_000,
    at_s: 604_800,
    assumed: [],
  });
  const priced = asked(undefined, { 'token-price': ['0.05', 'ionet=2'] });
  expect([priced.tokenMicros('ionet'), priced.tokenMicros('mine')]).toEqual([2_000_000n, 50_000n]);
});

test.each([
  ['how much', {}],
  [undefined, { gpu: 'rtx-4091' }],
  [undefined, { gpu: 'rtx-4090:0' }],
  [undefined, { machines: '1000001' }],
  [undefined, { rented: '101' }],
  [undefined, { after: '3' }],
  [undefined, { rent: 'free' }],
  [undefined, { 'token-price': ['ionet='] }],
] as [string | undefined, Partial<Given>][])('%s %o is refused', (words, flags) => {
  expect(() => asked(words, flags)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});
