import { expect, test } from 'vitest';
import { parsePrice, termsFromFlags } from '../machine/terms.ts';
import { run } from '../testing/samples.ts';
import { parseSide } from './cp.ts';
import { parseEnvFile } from './env-file.ts';
import { exitCodeOf } from './exit-code.ts';
import { parsePair } from './port.ts';

test('cp knows which side is in a run', () => {
  expect(parseSide('train:/data')).toEqual({ run: 'train', path: '/data' });
  expect(parseSide('train:')).toEqual({ run: 'train', path: '.' });
  expect(parseSide('./a:b')).toEqual({ run: undefined, path: './a:b' });
  expect(parseSide('/tmp/x')).toEqual({ run: undefined, path: '/tmp/x' });
});

test('ports come alone or in pairs', () => {
  expect(parsePair('8888')).toEqual({ local: 8888, remote: 8888 });
  expect(parsePair('0:80')).toEqual({ local: 0, remote: 80 });
  for (const bad of ['', '80:', '70000', '1:0', 'a:b', '1:2:3'])
    expect(() => parsePair(bad), bad).toThrow('is no pair of ports');
});

test("an env file is read as docker's, and a bad line is named", () => {
  expect(parseEnvFile('# all\nA=1 \n\nB\r\nC=x=y # z\n', 'f')).toEqual(['A=1 ', 'B', 'C=x=y # z']);
  expect(() => parseEnvFile('A=1\nnot a variable', 'f')).toThrow(expect.objectContaining({ at: 'f:2' }));
});

test("the exit code is the command's own, else it says whose fault it was", () => {
  expect(exitCodeOf(run({ end_reason: 'command_failed', exit_code: 7 }))).toBe(7);
  expect(exitCodeOf(run({ end_reason: 'completed', exit_code: null }))).toBe(0);
  expect(exitCodeOf(run({ end_reason: 'command_not_found', exit_code: null }))).toBe(127);
  expect(exitCodeOf(run({ end_reason: 'machine_lost', exit_code: null }))).toBe(125);
});

test("a provider's prices and terms are read as they are written", () => {
  expect(parsePrice('RTX_4090=0.35')).toEqual(['rtx-4090', 350_000]);
  expect(parsePrice('cpu=0.01')).toEqual(['cpu', 10_000]);
  expect(() => parsePrice('A100=1')).toThrow('a family of classes');
  expect(() => parsePrice('rtx-4090')).toThrow('is no price');
  const none = { 'quiet-hours': [], 'only-when-idle': false, always: false } as unknown as Parameters<
    typeof termsFromFlags
  >[0];
  expect(termsFromFlags(none)).toEqual({});
  expect(
    termsFromFlags({
      ...none,
      'quiet-hours': ['22:00-07:00'],
      'max-units': 'all',
      always: true,
      disk: 'auto',
      'max-duration': '12h',
    }),
  ).toEqual({
    quiet_hours: [{ from: '22:00', to: '07:00' }],
    max_units: null,
    only_when_idle: false,
    disk_mib: null,
    max_duration_s: 43_200,
  });
  expect(() => termsFromFlags({ ...none, 'quiet-hours': ['25:00-07:00'] })).toThrow('is no span of hours');
});
