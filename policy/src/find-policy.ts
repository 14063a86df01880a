import { readPolicyFile } from './policy-file.ts';
import type { Preset } from './presets/preset.ts';
import { presets } from './presets/presets.ts';

/** The preset of that name, or the policy in the file whose text `readText` gives. */
export async function findPolicy(nameOrFile: string, readText: (path: string) => Promise<string>): Promise<Preset> {
  return Object.hasOwn(presets, nameOrFile) ? presets[nameOrFile]! : readPolicyFile(await readText(nameOrFile));
}
