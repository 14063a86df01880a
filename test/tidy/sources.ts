import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** The files of the checkout and what they refer to, for the checks on the code itself. Paths are relative to its root. */

export const root = join(import.meta.dirname, '../..');

const NOT_OURS = new Set(['node_modules', '.git', 'dist', 'coverage']);

/** Every file that is or would be in the repository. Outside a git checkout (an archive), every file that is not installed or built. */
export function ourFiles(): string[] {
  const listed = existsSync(join(root, '.git')) ? gitFiles() : walk(root);
  return listed.filter((path) => existsSync(join(root, path))).toSorted();
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function gitFiles(): string[] {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const output = execFileSync('git', options, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return output.split('\0').filter((path) => path !== '');
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [relative(root, path)];
  });
}

export type Reference = {
  specifier: string;
  /** A file of ours, or undefined for a package. */ target: string | undefined;
};

/** What a file imports, statically or not. */
export function importsOf(path: string, text: string): Reference[] {
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g;
  return [...withoutComments(text).matchAll(pattern)].map(([, , specifier]) => referenceTo(path, specifier!));
}

/** Files named in a string, as for a worker or a program to start. */
export function filesNamedIn(path: string, text: string): string[] {
  const names = [...withoutComments(text).matchAll(/['"`]([\w./-]+\.(?:ts|mjs))['"`]/g)].map(([, name]) => name!);
  return names.flatMap((name) => [normalize(join(dirname(path), name)), normalize(name)]);
}

function referenceTo(path: string, specifier: string): Reference {
  if (specifier.startsWith('.')) return { specifier, target: normalize(join(dirname(path), specifier)) };
  const [, room, rest] = /^@gpucoop\/([a-z]+)\/(.+)$/.exec(specifier) ?? [];
  return { specifier, target: room === undefined ? undefined : `${room}/src/${rest}` };
}

/** Good enough for our formatting: a `//` within a string is only found in URLs, which have a colon before it. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|[^:'"`\w])\/\/.*$/gm, '$1');
}

export function isFile(path: string): boolean {
  return existsSync(join(root, path)) && statSync(join(root, path)).isFile();
}
