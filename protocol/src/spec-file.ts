import { buildSpec, type ParsedSpec } from './spec-build.ts';
import { flagsNode, type RunFlags } from './spec-flags.ts';
import { parseSpecYaml } from './spec-node.ts';

/**
 * Reads a spec file (dstack's run configuration, our extras under `x-coop`). Flags, where given, win over the file.
 * Throws CoopError `invalid_spec`: `at` is line and column, or the flag; the message begins with the key path.
 */
export function parseSpecFile(text: string, flags: RunFlags = {}): ParsedSpec {
  return buildSpec([parseSpecYaml(text), flagsNode(flags)]);
}

/** The spec of `coop run`: the same rules as for a file, and errors name the flag. */
export function specFromFlags(flags: RunFlags): ParsedSpec {
  return buildSpec([flagsNode({ type: 'task', ...flags })]);
}
