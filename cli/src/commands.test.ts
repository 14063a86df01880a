import { expect, test } from 'vitest';
import { chapters, commands } from './commands.ts';
import { isGroup } from './grammar.ts';
import type { Commands } from './grammar.ts';
import { commandHelp, groupHelp, overview } from './help.ts';
import { makeLook } from './look/colours.ts';
import type { Look } from './look/colours.ts';
import { textWidth } from './look/text.ts';

test('every command that is not hidden stands in one chapter', () => {
  const named = chapters.flatMap((chapter) => chapter.commands);
  const shown = Object.keys(commands).filter((name) => commands[name]!.hidden === undefined);
  expect(named.toSorted()).toEqual(shown.toSorted());
});

test('no command redefines a flag that stands everywhere, nor gives one letter twice', () => {
  for (const { path: words, flags } of leaves(commands, [])) {
    expect(
      Object.keys(flags).filter((name) => ['json', 'explain', 'verbose', 'context', 'help'].includes(name)),
      words,
    ).toEqual([]);
    const letters = Object.values(flags).flatMap((flag) => flag.short ?? []);
    expect(new Set([...letters, 'h']).size, words).toBe(letters.length + 1);
  }
});

test('every help fits a terminal of 80 columns', () => {
  const look = makeLook(true);
  const pages = helps(commands, [], look);
  for (const page of [overview(commands, chapters, '0.1.0', look, 80), ...pages]) {
    expect(page.split('\n').filter((line) => textWidth(line) > 80)).toEqual([]);
  }
  expect(pages.length).toBeGreaterThan(40);
});

const helps = (tree: Commands, path: string[], look: Look): string[] =>
  Object.entries(tree).flatMap(([name, node]) =>
    isGroup(node)
      ? [groupHelp([...path, name], node, look, 80), ...helps(node.commands, [...path, name], look)]
      : [commandHelp([...path, name], node, look, 80)],
  );

function leaves(tree: Commands, path: string[]): { path: string; flags: Record<string, { short?: string }> }[] {
  return Object.entries(tree).flatMap(([name, node]) =>
    isGroup(node) ? leaves(node.commands, [...path, name]) : [{ path: [...path, name].join(' '), flags: node.flags }],
  );
}
