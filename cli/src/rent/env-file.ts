import { readFile } from 'node:fs/promises';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** docker's env files: `K=V` or `K` a line, taken as it stands; # begins a comment line. */
export async function readEnvFile(path: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new CoopError('invalid_request', `${path} cannot be read.`, { at: '--env-file', cause });
  }
  return parseEnvFile(text, path);
}

export function parseEnvFile(text: string, path: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, i) => ({ line: line.trimStart(), at: `${path}:${i + 1}` }))
    .filter(({ line }) => line.trim() !== '' && !line.startsWith('#'))
    .map(({ line, at }) => {
      if (/^[A-Za-z_]\w*(=|$)/.test(line)) return line;
      throw new CoopError('invalid_request', `"${line.slice(0, 40)}" is not a variable.`, {
        at,
        hint: 'Write NAME=value.',
      });
    });
}
