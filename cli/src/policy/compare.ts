import { isDeepStrictEqual } from 'node:util';
import { policyJson, type Policy, type PolicyJson } from '@gpucoop/policy/policy.ts';
import { sourceOf, type Source, type Sources } from '@gpucoop/policy/sources.ts';
import type { Row } from './rows/row.ts';
import { rowsOf } from './rows/rows.ts';

export type Compared = {
  subject: string;
  rule: string;
  /** In the order of the policies; null where one has no such rule. */
  values: (string | null)[];
  sources: (Source | null)[];
  /** The first two say the same, also in what the line leaves out. */
  same: boolean;
};

type Side = { policy: Policy; sources: Sources };

/** Line by line what the policies say, and where each has it from. Lines on which none says anything are left out. */
export function compare(sides: readonly Side[]): Compared[] {
  const json = sides.map(({ policy }) => policyJson(policy));
  return rowsOf(sides.map(({ policy }) => policy))
    .map((row) => {
      const values = sides.map(({ policy }) => row.value(policy) ?? null);
      return {
        subject: row.subject,
        rule: row.title,
        values,
        sources: sides.map((side, n) => firstSource(side, row, values[n]!)),
        same:
          values[0] === values[1] && row.paths.every((path) => isDeepStrictEqual(at(json[0], path), at(json[1], path))),
      };
    })
    .filter(({ values }) => values.some((value) => value !== null));
}

/** Of what is not there, too, where a whole subject is not: that a network sells no licences is published somewhere. */
function firstSource({ policy, sources }: Side, { paths }: Row, value: string | null): Source | null {
  const told = paths.filter((path) => value !== null || isAbsent(policy, path));
  for (const path of told) {
    const source = sourceOf(sources, path);
    if (source !== undefined) return source;
  }
  return null;
}

const isAbsent = (policy: Policy, path: string): boolean => policy[path.split('.')[0] as keyof Policy] === null;

const at = (json: PolicyJson | undefined, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], json);
