import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Repositories that needed credentials. Their images are not announced, and run only for whom the registry allows it. */
export type PrivateImages = { has(repository: string): boolean; add(repository: string): void };

export function openPrivateImages(stateDir: string): PrivateImages {
  const path = join(stateDir, 'private-images.json');
  const repositories = new Set(read(path));
  return {
    has: (repository) => repositories.has(repository),
    add(repository) {
      if (repositories.has(repository)) return;
      repositories.add(repository);
      mkdirSync(stateDir, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, JSON.stringify([...repositories]), { mode: 0o600 });
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
