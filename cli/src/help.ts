import { globalFlags, isGroup } from './grammar.ts';
import type { Command, Commands, Flag, Group } from './grammar.ts';
import type { Look } from './look/colours.ts';
import { wrap } from './look/text.ts';

/** `--help`, from the command's definition. */
export function commandHelp(path: readonly string[], definition: Command, look: Look, width: number): string {
  const columns = Math.min(width, 110);
  const sections = [
    titleLine(['coop', ...path].join(' '), definition.about, look, columns),
    ...(definition.details === undefined ? [] : [paragraphs(definition.details, columns)]),
    section('Usage', `  ${usageLine(path, definition)}`, look),
    ...words(definition, look, columns),
    ...options('Options', definition.flags, look, columns),
    ...options('Everywhere', globalFlags, look, columns),
    ...examples(definition, look, columns),
  ];
  return sections.join('\n\n');
}

export function usageLine(path: readonly string[], definition: Command): string {
  const visible = Object.values(definition.flags).some((flag) => flag.hidden === undefined);
  const positionals = (definition.positionals ?? []).map((one) => {
    const name = one.repeated ? `${one.name}…` : one.name;
    return one.optional ? `[${name}]` : name;
  });
  const { rest } = definition;
  const behind = rest === undefined ? [] : rest.optional ? [`[-- ${rest.name}]`] : [`-- ${rest.name}`];
  return ['coop', ...path, ...(visible ? ['[OPTIONS]'] : []), ...positionals, ...behind].join(' ');
}

export function groupHelp(path: readonly string[], group: Group, look: Look, width: number): string {
  const columns = Math.min(width, 110);
  const name = ['coop', ...path].join(' ');
  return [
    titleLine(name, group.about, look, columns),
    section('Commands', twoColumns(listed(group.commands), look, columns), look),
    look.dim(`${name} COMMAND --help says more.`),
  ].join('\n\n');
}

export type Chapter = { title: string; commands: readonly string[] };

/** `coop` alone: what one can do, by who one is. */
export function overview(
  tree: Commands,
  chapters: readonly Chapter[],
  version: string,
  look: Look,
  width: number,
): string {
  const columns = Math.min(width, 110);
  const size = Math.max(...chapters.flatMap(({ commands }) => commands.map((name) => name.length)));
  const parts = chapters.map(({ title, commands }) =>
    section(
      title,
      twoColumns(
        commands.map((name) => [name, tree[name]!.about] as const),
        look,
        columns,
        size,
      ),
      look,
    ),
  );
  return [
    `${look.bold('coop')} ${version}  Rent idle GPUs by the second, and rent yours out.`,
    `  First time here?  ${look.type('coop up')} ${look.dim('starts a whole network on this machine.')}`,
    ...parts,
    wrap('coop COMMAND --help says more. Every command takes --json, --explain and --verbose.', columns)
      .map((line) => look.dim(line))
      .join('\n'),
  ].join('\n\n');
}

const listed = (commands: Commands): (readonly [string, string])[] =>
  Object.entries(commands)
    .filter(([, node]) => node.hidden === undefined)
    .map(([name, node]) => [isGroup(node) ? `${name} …` : name, node.about]);

const titleLine = (name: string, about: string, look: Look, columns: number): string =>
  `${look.bold(name)}  ${wrap(about, columns - name.length - 2).join(`\n${' '.repeat(name.length + 2)}`)}`;

const section = (title: string, body: string, look: Look): string => `${look.bold(title)}\n${body}`;

const paragraphs = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => wrap(line, columns).join('\n'))
    .join('\n');

function words(definition: Command, look: Look, columns: number): string[] {
  const all = [...(definition.positionals ?? []), ...(definition.rest === undefined ? [] : [definition.rest])];
  if (all.length === 0) return [];
  return [
    section(
      'Words',
      twoColumns(
        all.map((one) => [one.name, one.about]),
        look,
        columns,
      ),
      look,
    ),
  ];
}

function options(title: string, flags: Record<string, Flag>, look: Look, columns: number): string[] {
  const visible = Object.entries(flags).filter(([, flag]) => flag.hidden === undefined);
  if (visible.length === 0) return [];
  return [
    section(
      title,
      twoColumns(
        visible.map(([name, flag]) => [flagName(name, flag), flagAbout(flag)]),
        look,
        columns,
      ),
      look,
    ),
  ];
}

export function flagName(name: string, flag: Flag): string {
  const value = flag.type === 'string' ? ` ${flag.value ?? 'VALUE'}` : '';
  return `${flag.short === undefined ? '    ' : `-${flag.short}, `}--${name}${value}`;
}

export function flagAbout(flag: Flag): string {
  const choices = flag.choices === undefined ? '' : ` (${flag.choices.join(', ')})`;
  const again = flag.multiple === true ? '; may be given again' : '';
  const otherwise = flag.default === undefined ? '' : `; default ${flag.default}`;
  return `${flag.about}${choices}${again}${otherwise}`;
}

function examples(definition: Command, look: Look, columns: number): string[] {
  if (definition.examples === undefined) return [];
  const lines = definition.examples.map(
    ([line, what]) =>
      `  ${look.type(line)}\n${wrap(what, columns - 6)
        .map((text) => `      ${look.dim(text)}`)
        .join('\n')}`,
  );
  return [section('Examples', lines.join('\n'), look)];
}

function twoColumns(rows: readonly (readonly [string, string])[], look: Look, columns: number, least = 0): string {
  const size = Math.max(least, ...rows.map(([left]) => left.length));
  const room = Math.max(30, columns - size - 4);
  return rows
    .map(([left, right]) => {
      const [first, ...more] = wrap(right, room);
      return [
        `  ${look.type(left.padEnd(size))}  ${first}`,
        ...more.map((line) => `${' '.repeat(size + 4)}${line}`),
      ].join('\n');
    })
    .join('\n');
}
