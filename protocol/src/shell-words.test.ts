import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinCommands, splitWords } from './shell-words.ts';

const run = (commands: string[]) =>
  execFileSync('/bin/sh', ['-c', joinCommands(commands)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

test('a command runs when the one before it succeeded', () => {
  expect(run(['echo a', 'echo b'])).toBe('a\nb\n');
  expect(() => run(['echo a', 'false', 'echo b'])).toThrow();
});

test.each([
  ['a comment', ['echo a # this', 'echo b'], 'a\nb\n'],
  ['a background process', ['true &', 'echo b'], 'b\n'],
  ['several lines', ['echo a\necho b', 'echo c'], 'a\nb\nc\n'],
  ['a here-document', ['cat <<END\nin it\nEND', 'echo c'], 'in it\nc\n'],
  ['an alternative', ['true', 'false || echo b', 'echo c'], 'b\nc\n'],
  ['a variable', ['X=1', 'cd /', 'echo $X $PWD'], '1 /\n'],
])('%s ends where its command ends', (_, commands, output) => {
  expect(run(commands)).toBe(output);
});

test('a failure is not hidden by separators in the next command', () => {
  expect(() => run(['false', 'echo a; echo b'])).toThrow();
  expect(() => run(['false', 'true || true'])).toThrow();
});

test('words are split as the shell splits them', () => {
  const word = fc.stringMatching(/^[a-z "'\\$]{1,8}$/);
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(splitWords(words.map(quoted).join(' '))).toEqual(words);
    }),
  );
  expect(splitWords('sh -c "echo \\"a b\\"" \'c d\'')).toEqual(['sh', '-c', 'echo "a b"', 'c d']);
  expect(splitWords('a "b')).toBeUndefined();
  expect(splitWords('  ')).toEqual([]);
});
