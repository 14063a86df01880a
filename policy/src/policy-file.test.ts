import { stringify } from 'yaml';
import { expect, test } from 'vitest';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { policyHash, policyJson } from './policy.ts';
import { readPolicyFile } from './policy-file.ts';
import { standby } from './presets/standby.ts';

const json = policyJson(standby.policy);
const yaml = stringify(json, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });

test('YAML and JSON of a policy are the same policy', () => {
  expect(policyHash(readPolicyFile(yaml).policy)).toBe(policyHash(standby.policy));
  expect(policyHash(readPolicyFile(JSON.stringify(json, null, 2)).policy)).toBe(policyHash(standby.policy));
});

test('sources stand in the file and not in the hash', () => {
  const source = { kind: 'ours', text: 'ours', date: '2026' };
  const { policy, sources } = readPolicyFile(`${yaml}\nsources: { fees: ${JSON.stringify(source)} }\n`);
  expect(policyHash(policy)).toBe(policyHash(standby.policy));
  expect(sources).toEqual({ fees: source });
});

test('a mistyped key is refused at its line and column, with the nearest', () => {
  const wrong = yaml.replace('referral_ppm:', 'referal_ppm:');
  expect(refusal(wrong)).toMatchObject({
    code: 'invalid_policy',
    message: 'fees: there is no key "referal_ppm" here',
    hint: 'did you mean "referral_ppm"?',
    at: placeOf(wrong, 'referal_ppm'),
  });
  const deep = yaml.replace('asks_at_most_ppm:', 'ask_at_most_ppm:');
  expect(refusal(deep)).toMatchObject({
    message: 'rewards.standby: there is no key "ask_at_most_ppm" here',
    hint: 'did you mean "asks_at_most_ppm"?',
    at: placeOf(deep, 'ask_at_most_ppm'),
  });
});

test('an additional key is refused with the nearest known one', () => {
  const wrong = yaml.replace('  referral_ppm:', '  burn_pm: 5\n  referral_ppm:');
  expect(refusal(wrong)).toMatchObject({
    message: 'fees: there is no key "burn_pm" here',
    at: placeOf(wrong, 'burn_pm'),
  });
  const near = yaml.replace('  referral_ppm:', '  referral: 5\n  referral_ppm:');
  expect(refusal(near)).toMatchObject({ hint: 'did you mean "referral_ppm"?', at: placeOf(near, 'referral: 5') });
});

test('an amount without quotes would lose digits, and is refused where it stands', () => {
  const wrong = yaml.replace('cap: "1000000000000000000000000000"', 'cap: 1000000000000000000000000000');
  expect(refusal(wrong)).toMatchObject({
    message: expect.stringContaining('token.cap'),
    hint: expect.stringContaining('quotes'),
    at: placeOf(wrong, '1000000000000000000000000000'),
  });
});

test('a rule that points nowhere is refused at its key', () => {
  const wrong = yaml.replace('pool: "standby"', 'pool: "stanby"');
  expect(refusal(wrong)).toMatchObject({
    message: 'rewards.standby.pool: there is no pool stanby; pools are standby, checkers, treasury, team',
    at: placeOf(wrong, '"stanby"'),
  });
});

test.each([
  ['nothing', ''],
  ['a list', '- 1'],
  ['broken YAML', 'a: [1'],
  ['a key that stands twice', 'version: 2\nversion: 2'],
  ['an alias to nothing', 'a: *b'],
  ['a policy of tomorrow', 'version: 3'],
  ['an old one with a new key', 'version: 1\nname: x\npledges: null'],
  ['what is too large', `# ${'x'.repeat(1024 * 1024)}`],
])('%s is refused with a place', (_, text) => {
  expect(refusal(text)).toMatchObject({ code: 'invalid_policy', at: expect.stringMatching(/^line \d+, column \d+$/) });
});

function refusal(text: string): unknown {
  try {
    readPolicyFile(text);
  } catch (error) {
    if (error instanceof CoopError) return error;
    throw error;
  }
  return 'it was read';
}

function placeOf(text: string, what: string): string {
  const before = text.slice(0, text.indexOf(what)).split('\n');
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}
