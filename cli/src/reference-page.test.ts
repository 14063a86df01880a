import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { chapters, commands } from './commands.ts';
import { isGroup } from './grammar.ts';
import type { Commands } from './grammar.ts';
import { referencePage } from './reference-page.ts';

const path = new URL('../../docs/reference/cli.md', import.meta.url);

test('docs/reference/cli.md says what the commands are now (UPDATE_REFERENCE=1 writes it)', async () => {
  const page = referencePage(commands, chapters);
  if (process.env['UPDATE_REFERENCE'] === '1') await writeFile(path, page);
  expect(await readFile(path, 'utf8')).toBe(page);
});

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

function leaves(tree: Commands, path: string[]): { path: string; flags: Record<string, { short?: string }> }[] {
  return Object.entries(tree).flatMap(([name, node]) =>
    isGroup(node) ? leaves(node.commands, [...path, name]) : [{ path: [...path, name].join(' '), flags: node.flags }],
  );
}
