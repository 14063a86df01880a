import { globalFlags, isGroup } from './grammar.ts';
import type { Command, Commands, Flag } from './grammar.ts';
import { flagAbout, flagName, usageLine } from './help.ts';
import type { Chapter } from './help.ts';

/** docs/reference/cli.md, from the commands' own definitions. */
export function referencePage(tree: Commands, chapters: readonly Chapter[]): string {
  return (
    [
      '# The `coop` command',
      '<!-- Written from the command definitions in cli/src by `npm run generate`. -->',
      'Grammar: noun and verb, with short forms for daily acts. RUN and MACHINE are ids, the beginning of one, or names. Results go to ' +
        'stdout, everything beside them to stderr. In the checkout `coop` is `npx coop`; elsewhere `npx` would fetch a package of that name ' +
        'that is not ours.',
      '## Everywhere',
      flagTable(globalFlags),
      exitCodes,
      environment,
      ...chapters.flatMap(({ title, commands }) => [
        `## ${title}`,
        ...commands.flatMap((name) => entries([name], tree[name]!)),
      ]),
    ].join('\n\n') + '\n'
  );
}

const exitCodes = `## Exit codes

\`coop run\`, \`coop apply\` and \`coop exec\` end with the command's own code.

| code | meaning |
|---|---|
| 0–124 | the command's own; other commands of \`coop\`: 0 done, 1 failed |
| 125 | Coop failed, refused, or ended the run for a reason that is not the command's |
| 126, 127 | the command cannot be started, or is not there |
| 128 + n | ended by signal n; 130 after Ctrl-C |`;

const environment = `## Environment

| variable | meaning |
|---|---|
| \`COOP_HOME\` | where state lies; default \`~/.coop\` |
| \`COOP_SERVER\` | the network to talk to, whatever the current context is |
| \`COOP_API_KEY\` | a key to use instead of the login; orders are still signed with \`$COOP_HOME/login.key\` |
| \`COOP_ADMIN_KEY_FILE\` | the administrator's key; default \`$COOP_HOME/network/admin.key\` |
| \`NO_COLOR\`, \`FORCE_COLOR\` | no colours; colours in a pipe too |`;

function entries(path: readonly string[], node: Command | Commands[string]): string[] {
  if (isGroup(node)) {
    return Object.entries(node.commands).flatMap(([name, child]) => entries([...path, name], child));
  }
  return [entry(path, node)];
}

function entry(path: readonly string[], definition: Command): string {
  const words = [...(definition.positionals ?? []), ...(definition.rest === undefined ? [] : [definition.rest])];
  const flags = Object.fromEntries(Object.entries(definition.flags).filter(([, flag]) => flag.hidden === undefined));
  const usage = definition.passThrough ? `coop ${path.join(' ')} …` : usageLine(path, definition);
  return [
    `### coop ${path.join(' ')}`,
    `${definition.about}.${definition.details === undefined ? '' : ` ${definition.details.replaceAll('\n', ' ')}`}`,
    `\`\`\`\n${usage}\n\`\`\``,
    ...(words.length === 0
      ? []
      : [
          table(
            'word',
            words.map(({ name, about }) => [name, about]),
          ),
        ]),
    ...(Object.keys(flags).length === 0 ? [] : [flagTable(flags)]),
    ...(definition.examples ?? []).map(([line, what]) => `\`\`\`sh\n${line}   # ${what}\n\`\`\``),
  ].join('\n\n');
}

const flagTable = (flags: Record<string, Flag>): string =>
  table(
    'option',
    Object.entries(flags).map(([name, flag]) => [flagName(name, flag).trim(), flagAbout(flag)]),
  );

const table = (what: string, rows: readonly (readonly [string, string])[]): string =>
  [
    `| ${what} | meaning |`,
    '|---|---|',
    ...rows.map(([left, right]) => `| \`${left}\` | ${right.replaceAll('|', '\\|')} |`),
  ].join('\n');
