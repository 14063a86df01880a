import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** References that were pulled with credentials. They are neither announced nor run for anybody whose registry does not allow it. */
export type PrivateImages = { has(reference: string): boolean; add(reference: string): void };

export function openPrivateImages(stateDir: string): PrivateImages {
  const path = join(stateDir, 'private-images.json');
  const references = new Set(read(path));
  return {
    has: (reference) => references.has(reference),
    add(reference) {
      if (references.has(reference)) return;
      references.add(reference);
      mkdirSync(stateDir, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, JSON.stringify([...references]), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

function read(path: string): string[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as string[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
