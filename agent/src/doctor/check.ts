import type { DoctorCheck } from '@gpucoop/protocol/resources.ts';

export const ok = (name: string, found: string): DoctorCheck => ({ name, status: 'ok', found, hint: null });

/** It works, but worse than it could. */
export const warning = (name: string, found: string, hint: string): DoctorCheck => ({
  name,
  status: 'warning',
  found,
  hint,
});

/** Nothing can be rented out, or not what was promised, until this is put right. */
export const failed = (name: string, found: string, hint: string): DoctorCheck => ({
  name,
  status: 'failed',
  found,
  hint,
});
