import type { Policy } from '@gpucoop/policy/policy.ts';

/** One line of a policy for a reader: what it says, and of which keys. */
export type Row = {
  subject: string;
  title: string;
  /** Key paths that the line speaks of; each covers what is below it, and the first that has a source gives the source. */
  paths: readonly string[];
  /** Nothing where the policy has no such rule. */
  value: (policy: Policy) => string | undefined;
};

/** The rows of one subject, which may depend on what is in the policies that are shown. */
export type Rows = (policies: readonly Policy[]) => Row[];

/** Each key that any of the policies has, in the order of the first that has it. */
export const keysOf = (policies: readonly Policy[], read: (policy: Policy) => object | undefined | null): string[] => [
  ...new Set(policies.flatMap((policy) => Object.keys(read(policy) ?? {}))),
];

export const words = (name: string): string => name.replaceAll('_', ' ');
