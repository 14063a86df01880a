import { readFileSync } from 'node:fs';
import { nearest } from '@gpucoop/protocol/nearest.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { chapters, commands } from './commands.ts';
import { problemOf, renderError } from './errors.ts';
import { withLocalHint } from './local-hint.ts';
import { findCommand, globalFlags, isGroup, parseCommand } from './grammar.ts';
import type { Command, Found } from './grammar.ts';
import { commandHelp, groupHelp, overview } from './help.ts';
import { fromSystem } from './system-error.ts';
import { openTerminal } from './terminal.ts';

const argv = process.argv.slice(2);
const found = findCommand(commands, argv);
const own = ownWords(found);
const terminal = openTerminal(process, {
  json: own.includes('--json'),
  explain: own.includes('--explain'),
  verbose: own.includes('--verbose'),
});

for (const stream of [process.stdout, process.stderr]) {
  // A reader that has seen enough (`coop logs | head`) is no error.
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

process.exitCode = await runMain();
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit(); // idle keep-alive connections must not keep a finished command waiting

async function runMain(): Promise<number> {
  try {
    if (argv[0] === '--version' || argv[0] === '-V') return say(version());
    if (found.found === undefined) return topLevel();
    if (isGroup(found.found)) return group(found);
    return await leaf(found.found, found);
  } catch (thrown) {
    const error = await withLocalHint(fromSystem(thrown), process.env);
    if (terminal.json) terminal.aside(JSON.stringify(problemOf(error)));
    else terminal.aside(renderError(error, terminal.asideLook, terminal.verbose, terminal.asideWidth));
    return found.found !== undefined && !isGroup(found.found) ? (found.found.failureCode ?? 1) : 1;
  }
}

async function leaf(definition: Command, { path, argv: words }: Found): Promise<number> {
  if (!definition.passThrough && (own.includes('--help') || own.includes('-h'))) {
    return say(commandHelp(path, definition, terminal.look, terminal.width));
  }
  const input = definition.passThrough
    ? { flags: { context: undefined }, args: [], rest: words }
    : parseCommand(definition, path, words);
  return (await definition.run({ ...input, terminal })) ?? 0;
}

function topLevel(): number {
  const word = found.argv.find((one) => !one.startsWith('--') || isHelp(one));
  if (word !== undefined && !isHelp(word)) throw unknownCommand([], word, Object.keys(commands));
  return say(overview(commands, chapters, version(), terminal.look, terminal.width));
}

function group({ path, found: node, argv: words }: Found): number {
  if (node === undefined || !isGroup(node)) return 1;
  const [word] = words;
  if (word !== undefined && !word.startsWith('-')) throw unknownCommand(path, word, Object.keys(node.commands));
  say(groupHelp(path, node, terminal.look, terminal.width));
  return word === undefined || isHelp(word) ? 0 : 1;
}

function unknownCommand(path: readonly string[], word: string, known: readonly string[]): CoopError {
  const [near] = nearest(word, known);
  const name = ['coop', ...path].join(' ');
  return new CoopError('invalid_request', `There is no command ${name} ${word}.`, {
    hint: near === undefined ? `${name} --help lists them.` : `Did you mean ${name} ${near}?`,
  });
}

/** The command's own words: what stands behind `--`, and what is passed through, belongs to somebody else. */
function ownWords({ found: node, argv: words }: Found): string[] {
  if (node !== undefined && !isGroup(node) && node.passThrough) return [];
  const dashes = words.indexOf('--');
  return dashes < 0 ? words : words.slice(0, dashes);
}

/** `coop --json` alone asks for nothing else either. */
function isHelp(word: string): boolean {
  return (
    word === '--help' ||
    word === '-h' ||
    word === 'help' ||
    (word.startsWith('--') && Object.hasOwn(globalFlags, word.slice(2)))
  );
}

function say(text: string): number {
  terminal.print(text);
  return 0;
}

function version(): string {
  const { version: own_ } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return own_;
}
