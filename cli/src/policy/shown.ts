import { readFile } from 'node:fs/promises';
import { findPolicy } from '@gpucoop/policy/find-policy.ts';
import { parsePolicy, policyHash, type Policy } from '@gpucoop/policy/policy.ts';
import { presets } from '@gpucoop/policy/presets/presets.ts';
import type { Sources } from '@gpucoop/policy/sources.ts';
import { nearest } from '@gpucoop/protocol/nearest.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Input } from '../grammar.ts';
import { openSession } from '../session.ts';

/** A policy that a command speaks of, under the hash that it has there. */
export type Shown = { policy: Policy; sources: Sources; hash: string };

/** The preset of that name, the policy in that file, or, without either, the one of the network that one is logged in to. */
export async function findShown(nameOrFile: string | undefined, input: Input): Promise<Shown> {
  if (nameOrFile !== undefined) {
    const { policy, sources } = await findPolicy(nameOrFile, readText);
    return { policy, sources, hash: policyHash(policy) };
  }
  const { client } = await openSession(input);
  const answer = await client.policy();
  const known = Object.values(presets).find(({ policy }) => policyHash(policy) === answer.hash);
  return { policy: parsePolicy(answer.policy), sources: known?.sources ?? {}, hash: answer.hash };
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const names = Object.keys(presets);
    const [near] = nearest(path, names);
    throw new CoopError('not_found', `${path} is neither a policy of Coop's nor a file that can be read.`, {
      hint: near === undefined ? `Policies are ${names.join(', ')}.` : `Did you mean ${near}?`,
      cause,
    });
  }
}

export const policyArgument = {
  name: 'POLICY',
  about: `${Object.keys(presets).join(', ')}, or a file (YAML or JSON)`,
} as const;
