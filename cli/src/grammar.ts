import { parseArgs } from 'node:util';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { nearest } from '@gpucoop/protocol/nearest.ts';
import type { Terminal } from './terminal.ts';

/**
 * What a command is, as data: the parser, `--help` and docs/reference/cli.md all read it. Node's own strict parser does the work,
 * because a mistyped `--max-prise` must be refused, not ignored.
 */

export type Flag = {
  type: 'boolean' | 'string';
  about: string;
  short?: string;
  /** May be given again; the value is then a list. */
  multiple?: true;
  /** What stands for the value in help: `--gpu GPU`. */
  value?: string;
  choices?: readonly string[];
  default?: string;
  hidden?: true;
};

export type Flags = Record<string, Flag>;

export type FlagValues<F extends Flags> = {
  [Name in keyof F]: F[Name]['type'] extends 'boolean'
    ? boolean
    : F[Name] extends { multiple: true }
      ? string[]
      : F[Name] extends { default: string }
        ? string
        : string | undefined;
};

export type Positional = { name: string; about: string; optional?: true; repeated?: true };

/** Every command has it besides its own. */
export type CommonFlags = { context: string | undefined };

export type Input<F extends Flags = Flags> = {
  flags: FlagValues<F> & CommonFlags;
  /** In the order of `positionals`; an optional one may be missing. */
  args: string[];
  /** What stood after `--`. */
  rest: string[];
  terminal: Terminal;
};

/** The exit code; nothing means 0. */
export type ExitCode = number | void;

export type Command<F extends Flags = Flags> = {
  about: string;
  details?: string;
  examples?: readonly (readonly [command: string, what: string])[];
  positionals?: readonly Positional[];
  rest?: Positional;
  flags: F;
  hidden?: true;
  /** Everything behind the command's name goes on unread, `--help` too. */
  passThrough?: true;
  /** Exit code when Coop itself fails; 1 unless the command's own codes must stay apart from ours. */
  failureCode?: number;
  run: (input: Input<F>) => Promise<ExitCode>;
};

export type Group = { about: string; hidden?: true; commands: Commands };
export type Commands = { [name: string]: Command | Group };

/** Keeps the flags' types for `run` while the tree holds plain commands. */
export function command<const F extends Flags>(definition: Command<F>): Command {
  return definition as unknown as Command;
}

export const globalFlags = {
  json: { type: 'boolean', about: 'Print JSON; a stream prints one object a line, the result last' },
  explain: { type: 'boolean', about: 'Print the API calls as curl lines on stderr' },
  verbose: { type: 'boolean', about: 'With errors, print what caused them' },
  context: { type: 'string', value: 'NAME', about: 'Use this network instead of the current one' },
  help: { type: 'boolean', short: 'h', about: 'Show this help' },
} as const satisfies Flags;

export type Found = { path: string[]; found: Command | Group | undefined; argv: string[] };

const LEADING = new Set(['--json', '--explain', '--verbose']);

/** Walks the tree by the leading words; the rest is the command's own. `coop --json ps` is `coop ps --json`. */
export function findCommand(tree: Commands, argv: readonly string[]): Found {
  const firstWord = argv.findIndex((word) => !LEADING.has(word));
  const leading = argv.slice(0, Math.max(0, firstWord));
  const words = argv.slice(leading.length);
  let found: Command | Group | undefined;
  let level = tree;
  const path: string[] = [];
  for (const word of words) {
    if (word.startsWith('-') || !Object.hasOwn(level, word)) break;
    found = level[word]!;
    path.push(word);
    if (!isGroup(found)) break;
    level = found.commands;
  }
  return { path, found, argv: [...leading, ...words.slice(path.length)] };
}

export const isGroup = (node: Command | Group): node is Group => 'commands' in node;

type ParsedInput = Omit<Input, 'terminal'>;

/** Reads a command's own words. Throws `invalid_request` with the nearest flag for anything it does not know. */
export function parseCommand(definition: Command, path: readonly string[], argv: readonly string[]): ParsedInput {
  const { own, rest } = splitAtDashes(argv);
  const flags: Flags = { ...definition.flags, ...globalFlags };
  const { values, positionals } = parseOwn(own, flags, path, definition.rest !== undefined);
  checkPositionals(definition, path, positionals, rest);
  return { flags: withDefaults(values, flags), args: positionals, rest };
}

function splitAtDashes(argv: readonly string[]): { own: string[]; rest: string[] } {
  const at = argv.indexOf('--');
  return at < 0 ? { own: [...argv], rest: [] } : { own: argv.slice(0, at), rest: argv.slice(at + 1) };
}

function parseOwn(own: string[], flags: Flags, path: readonly string[], takesCommand: boolean) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      { type: flag.type, multiple: flag.multiple === true, ...(flag.short !== undefined && { short: flag.short }) },
    ]),
  );
  try {
    return parseArgs({ args: own, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(error, flags, path, takesCommand);
  }
}

function usageError(error: unknown, flags: Flags, path: readonly string[], takesCommand: boolean): CoopError {
  const { code, message } = error as Error & { code?: string };
  const help = `See coop ${path.join(' ')} --help.`;
  const unknown = /Unknown option '(-[^']+)'/.exec(message)?.[1];
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && unknown !== undefined) {
    const [near] = nearest(
      unknown.replace(/^-+/, ''),
      Object.keys(flags).filter((name) => flags[name]!.hidden === undefined),
    );
    return new CoopError('invalid_request', `coop ${path.join(' ')} has no option ${unknown}.`, {
      hint: [
        near === undefined ? '' : `Did you mean --${near}? `,
        takesCommand ? 'What is for the command goes behind --. ' : '',
        help,
      ].join(''),
    });
  }
  const missing = /Option '([^']+)' argument (?:missing|is ambiguous)/.exec(message)?.[1];
  if (missing !== undefined)
    return new CoopError('invalid_request', `${missing.replace(/ <value>/, '')} needs a value.`, { hint: help });
  return new CoopError('invalid_request', message.split('\n')[0]!, { hint: help });
}

function checkPositionals(
  definition: Command,
  path: readonly string[],
  given: readonly string[],
  rest: readonly string[],
): void {
  const wanted = definition.positionals ?? [];
  const name = `coop ${path.join(' ')}`;
  const missing = wanted.find((one, i) => one.optional === undefined && given[i] === undefined);
  if (missing !== undefined)
    throw new CoopError('invalid_request', `${name} needs ${missing.name}: ${lowerFirst(missing.about)}.`, {
      hint: `See ${name} --help.`,
    });
  if (given.length > wanted.length && wanted.at(-1)?.repeated === undefined) {
    const extra = given.slice(wanted.length).join(' ');
    throw new CoopError('invalid_request', `${name} does not know what to do with "${extra}".`, {
      hint:
        definition.rest === undefined
          ? `See ${name} --help.`
          : `Put the ${definition.rest.name.toLowerCase()} behind --: ${name} … -- ${extra}`,
    });
  }
  if (rest.length > 0 && definition.rest === undefined) {
    throw new CoopError('invalid_request', `${name} takes nothing behind --.`, { hint: `See ${name} --help.` });
  }
  if (rest.length === 0 && definition.rest !== undefined && definition.rest.optional === undefined) {
    throw new CoopError('invalid_request', `${name} needs ${definition.rest.name} behind --.`, {
      hint: `See ${name} --help.`,
    });
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function withDefaults(values: Record<string, unknown>, flags: Flags): Input['flags'] {
  const filled: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const value = values[name];
    filled[name] = value ?? (flag.type === 'boolean' ? false : flag.multiple === true ? [] : flag.default);
    if (flag.choices !== undefined && typeof value === 'string' && !flag.choices.includes(value)) {
      throw new CoopError('invalid_request', `--${name} is ${flag.choices.join(', ')}; not "${value}".`, {
        at: `--${name}`,
      });
    }
  }
  return filled as Input['flags'];
}
