import { canonicalHash, canonicalJson } from '@gpucoop/protocol/canonical.ts';
import { z } from 'zod';
import { brokenReferences } from './references.ts';
import { Checks } from './schema/checks.ts';
import { Claims, Escrow, Governance } from './schema/claims.ts';
import { Edge } from './schema/edge.ts';
import { Emission, Token } from './schema/emission.ts';
import { Fees } from './schema/fees.ts';
import { Licences } from './schema/licences.ts';
import { Partner } from './schema/partner.ts';
import { Place } from './schema/place.ts';
import { Pledges } from './schema/pledges.ts';
import { Rewards } from './schema/rewards.ts';
import { running } from './schema/running.ts';
import { Stake } from './schema/stake.ts';
import { PolicyV1, fromV1 } from './version-1.ts';

/** All economic rules of a network. Its hash stands on every quote, and a lease settles under the policy of its quote. */
export const Policy = z
  .strictObject({
    version: z.literal(2).describe('Of the shape of the file'),
    name: z.string().min(1).max(40).describe('Of the rules, for people'),
    about: z.string().max(400).describe('One sentence for people'),
    network: z.enum(['local', 'public']).describe('local: loopback only, test credit, plain processes allowed'),
    fees: Fees.describe('What the network takes of a rental, and where it goes'),
    ...running,
    token: Token.nullable().describe('null: the network has none'),
    emission: Emission.nullable().describe('What may be released; null: nothing is'),
    rewards: Rewards.describe('What is paid beside rents'),
    claims: Claims.nullable().describe('How what was granted is taken'),
    stake: Stake.nullable().describe('What a provider has at risk; null: nothing'),
    checks: Checks.nullable().describe('How machines are looked at; null: they are not'),
    licences: Licences.nullable().describe('The sale of checker licences; null: none are sold'),
    pledges: Pledges.nullable().describe('Renters’ commitments; null: none are taken'),
    edge: Edge.nullable().describe('Small home devices with rewards of their own; null: none'),
    partner: Partner.nullable().describe('Trade with other networks; null: none'),
    place: Place.nullable().describe('null: from everywhere'),
    escrow: Escrow.nullable().describe('Money of renters on chain'),
    governance: Governance.nullable().describe('How rules change'),
  })
  .superRefine((policy, context) => {
    for (const { path, message } of brokenReferences(policy)) context.addIssue({ code: 'custom', path, message });
  });
export type Policy = z.output<typeof Policy>;

/** As it stands in files, in the database and on the wire: amounts are texts. */
export type PolicyJson = z.input<typeof Policy>;

export const policyJson = (policy: Policy): PolicyJson => z.encode(Policy, policy);

/** Reads a policy of any version. One of an older version keeps the hash under which it was written down. */
export function parsePolicy(json: unknown): Policy {
  const isV1 = typeof json === 'object' && json !== null && 'version' in json && json.version === 1;
  return Policy.parse(isV1 ? fromV1(PolicyV1.parse(json)) : json);
}

/** The text that is hashed: canonical JSON (RFC 8785). */
export const policyText = (policy: Policy): string => canonicalJson(policyJson(policy));

/** SHA-256 of that text, as 64 hex digits: on quotes and in evidence as it is, on chain as bytes32 with 0x before it. */
export const policyHash = (policy: Policy): string => canonicalHash(policyJson(policy));
