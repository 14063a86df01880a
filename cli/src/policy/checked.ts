import type { Danger } from '@gpucoop/policy/unsafe.ts';
import type { Look } from '../look/colours.ts';
import { count } from '../look/units.ts';

/** What `coop policy check` says of a policy that can be read. */
export function renderChecked(name: string, dangers: readonly (Danger & { at: string })[], look: Look): string {
  const lines = dangers.map(({ severity, path, message, at }) => {
    const mark = severity === 'error' ? look.bad('refused') : look.attention('warning');
    return `${mark}  ${look.bold(path)} ${message}\n         ${look.dim(`at ${at}`)}`;
  });
  const errors = dangers.filter(({ severity }) => severity === 'error').length;
  const warnings = dangers.length - errors;
  const warned = warnings === 0 ? '' : `, ${count(warnings, 'warning')}`;
  const verdict =
    errors === 0
      ? `${look.good('✓')} ${name} is whole and safe${warned}`
      : `${look.bad('✗')} ${name} is refused: ${count(errors, 'unsafe combination')}${warned}`;
  return [...lines, verdict].join('\n');
}
