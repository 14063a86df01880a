import { expect, test } from 'vitest';
import { command, findCommand, parseCommand } from './grammar.ts';
import type { Commands } from './grammar.ts';

const run = command({
  about: 'Run',
  rest: { name: 'COMMAND', about: 'What', optional: true },
  flags: {
    'max-price': { type: 'string', about: 'Most' },
    env: { type: 'string', short: 'e', about: 'Variable', multiple: true },
    tty: { type: 'boolean', short: 't', about: 'Terminal' },
    interactive: { type: 'boolean', short: 'i', about: 'Input' },
    level: { type: 'string', about: 'Level', choices: ['low', 'high'] },
  },
  run: async () => {},
});
const show = command({
  about: 'Show',
  positionals: [{ name: 'THING', about: 'Which' }],
  flags: {},
  run: async () => {},
});
const tree: Commands = { run, thing: { about: 'Things', commands: { show } } };
const parse = (...words: string[]) => parseCommand(run, ['run'], words);

test('a mistyped flag is refused, with the one that was meant', () => {
  expect(() => parse('--max-prise', '3')).toThrow(
    expect.objectContaining({ code: 'invalid_request', hint: expect.stringContaining('Did you mean --max-price?') }),
  );
});

test('what stands behind -- is taken as it is, flags and all', () => {
  expect(parse('-it', '--', 'ls', '--max-price', '--').rest).toEqual(['ls', '--max-price', '--']);
  expect(parse('-it', '--', 'ls').flags).toMatchObject({ interactive: true, tty: true });
});

test('a command without -- is not guessed at', () => {
  expect(() => parse('echo', 'hello')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('-- echo hello') }),
  );
});

test('flags may be given again where that makes sense, and the last one counts elsewhere', () => {
  const { flags } = parse('-e', 'A=1', '--env', 'B=2', '--max-price', '1', '--max-price', '2');
  expect(flags).toMatchObject({ env: ['A=1', 'B=2'], 'max-price': '2' });
});

test('a value outside the choices names them', () => {
  expect(() => parse('--level', 'middle')).toThrow('--level is low, high; not "middle".');
});

test('a flag without its value, and a word too few or too many, say what is missing', () => {
  expect(() => parse('--max-price')).toThrow('--max-price needs a value.');
  expect(() => parseCommand(show, ['thing', 'show'], [])).toThrow('coop thing show needs THING: which.');
  expect(() => parseCommand(show, ['thing', 'show'], ['a', 'b'])).toThrow('does not know what to do with "b"');
  expect(() => parseCommand(show, ['thing', 'show'], ['a', '--', 'b'])).toThrow('takes nothing behind --');
});

test('noun and verb are found, and --json may stand before them', () => {
  expect(findCommand(tree, ['thing', 'show', 'x'])).toMatchObject({ path: ['thing', 'show'], argv: ['x'] });
  expect(findCommand(tree, ['--json', 'run', '--', 'ls'])).toMatchObject({
    path: ['run'],
    argv: ['--json', '--', 'ls'],
  });
  expect(findCommand(tree, ['thing', 'constructor'])).toMatchObject({ path: ['thing'], argv: ['constructor'] });
});
