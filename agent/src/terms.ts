import { join } from 'node:path';
import { MachineTerms } from '@gpucoop/protocol/resources.ts';
import { readIfThere, writeDurably } from './durable-file.ts';

/** What the provider asks and allows, as the server last said: for the doctor and for `status`. */
export async function writeTerms(stateDir: string, terms: MachineTerms): Promise<void> {
  await writeDurably(join(stateDir, 'terms.json'), JSON.stringify(terms));
}

export async function readTerms(stateDir: string): Promise<MachineTerms | null> {
  try {
    return MachineTerms.parse(JSON.parse((await readIfThere(join(stateDir, 'terms.json'))) ?? ''));
  } catch {
    return null; // none yet, or of another version: the server sends them again
  }
}
