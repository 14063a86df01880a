import { ed25519 } from '@noble/curves/ed25519.js';
import { hexToBytes, bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { canonicalHash, canonicalJson } from './canonical.ts';

/** An ed25519 public key, 64 hex digits. Renters, machines, meters and checkers are each known by one. */
export const PublicKey = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')
  .meta({ id: 'PublicKey' });

/** Somebody who can sign: the private key stays behind this. */
export type Signer = { publicKey: string; sign: (message: Uint8Array) => Uint8Array };

/** The renter's acceptance of a quote. Nothing dearer or longer than this may be charged. */
export const OrderBody = z.object({
  quote_id: z.string(),
  spec_hash: z.string(),
  policy_hash: z.string(),
  max_price_micros_per_hour: z.number().int().nonnegative(),
  budget_micros: z.number().int().positive(),
  max_duration_s: z.number().int().positive(),
});
export type OrderBody = z.infer<typeof OrderBody>;

/** Docker's are 64 hex digits. */
export const CONTAINER_ID_MAX = 256;

/**
 * "This lease has served this long." Cumulative, so that a lost line loses nothing: the last one says it all.
 * `served_ms` is the machine's monotonic clock since the readiness probe passed.
 */
export const MeterBody = z.object({
  lease_id: z.string().max(64),
  container_id: z.string().max(CONTAINER_ID_MAX),
  served_ms: z.number().int().nonnegative(),
  final: z.boolean(),
});
export type MeterBody = z.infer<typeof MeterBody>;

/** What the server made of a meter line: the seconds it accepts, and why not more. Signed by the server's meter key. */
export const ReceiptBody = z.object({
  lease_id: z.string(),
  meter_hash: z.string().describe('Hash of the meter line this answers'),
  served_ms: z.number().int().nonnegative(),
  elapsed_ms: z.number().int().nonnegative().describe('On the server clock, since the last acknowledgement'),
  billed_ms: z.number().int().nonnegative().describe('Cumulative, after this line'),
  unbilled_ms: z.number().int().nonnegative().describe('Cumulative, after this line'),
  rule: z.enum(['served', 'bounded_by_server_clock', 'gap_too_long', 'other_container', 'server_down']),
});
export type ReceiptBody = z.infer<typeof ReceiptBody>;

/** The price a lease runs at, fixed when it starts: with the receipts, all that is needed to recompute its charge. */
export const LeaseTermsBody = z.object({
  lease_id: z.string(),
  run_id: z.string(),
  quote_id: z.string(),
  order_hash: z.string(),
  machine_key: PublicKey,
  renter_id: z.string(),
  provider_id: z.string(),
  price_micros_per_hour: z.number().int().nonnegative(),
  policy_hash: z.string(),
});
export type LeaseTermsBody = z.infer<typeof LeaseTermsBody>;

/** An override by an administrator: always evidence, always with an expiry or an amount. */
export const AdminBody = z.object({
  action: z.enum(['grant', 'suspend', 'resume', 'correct']),
  subject: z.string(),
  amount_micros: z.number().int().optional(),
  reason: z.string(),
  expires_at: z.string().optional(),
});
export type AdminBody = z.infer<typeof AdminBody>;

export const statementBodies = {
  order: OrderBody,
  meter: MeterBody,
  receipt: ReceiptBody,
  lease_terms: LeaseTermsBody,
  admin: AdminBody,
} as const;

export type StatementKind = keyof typeof statementBodies;
export type StatementBody<Kind extends StatementKind> = z.infer<(typeof statementBodies)[Kind]>;

/** A signed statement: evidence. Its hash covers all but the signature. */
export type Statement<Kind extends StatementKind = StatementKind> = {
  v: 1;
  kind: Kind;
  author: string;
  at: string;
  body: StatementBody<Kind>;
  signature: string;
};

/** The shape of any statement; `parseStatement` also checks the body for its kind. */
export const Statement = z
  .object({
    v: z.literal(1),
    kind: z.enum(Object.keys(statementBodies) as [StatementKind, ...StatementKind[]]),
    author: PublicKey,
    at: z.iso.datetime(),
    body: z.record(z.string(), z.unknown()),
    signature: z.string().regex(/^[0-9a-f]{128}$/, 'must be 128 hex digits'),
  })
  .meta({ id: 'Statement' });

const DOMAIN = 'coop/statement/1\n'; // so that a signature here is never one elsewhere, a login say

function signedBytes(statement: Omit<Statement, 'signature'>): Uint8Array {
  const { v, kind, author, at, body } = statement;
  return utf8ToBytes(DOMAIN + canonicalJson({ v, kind, author, at, body }));
}

/** Signs a body. `at` is RFC 3339 in UTC and comes from the caller: this room has no clock. */
export function signStatement<Kind extends StatementKind>(
  kind: Kind,
  body: StatementBody<Kind>,
  at: string,
  signer: Signer,
): Statement<Kind> {
  const unsigned = { v: 1 as const, kind, author: signer.publicKey, at, body };
  return { ...unsigned, signature: bytesToHex(signer.sign(signedBytes(unsigned))) };
}

export function statementHash(statement: Omit<Statement, 'signature'>): string {
  const { v, kind, author, at, body } = statement;
  return canonicalHash({ v, kind, author, at, body });
}

/** Reads a statement of one kind from untrusted input. Undefined when shape, body or signature is wrong. */
export function parseStatement<Kind extends StatementKind>(kind: Kind, input: unknown): Statement<Kind> | undefined {
  const shape = Statement.safeParse(input);
  if (!shape.success || shape.data.kind !== kind) return undefined;
  const body = statementBodies[kind].safeParse(shape.data.body);
  if (!body.success) return undefined;
  const statement = { ...shape.data, kind, body: body.data as StatementBody<Kind> };
  return hasValidSignature(statement) ? statement : undefined;
}

export function hasValidSignature(statement: Statement): boolean {
  return verifySignature(statement.author, signedBytes(statement), statement.signature);
}

/** Strict (RFC 8032, no small-order keys) ed25519; false for anything malformed. */
export function verifySignature(publicKey: string, message: Uint8Array, signature: string): boolean {
  try {
    return ed25519.verify(hexToBytes(signature), message, hexToBytes(publicKey), { zip215: false });
  } catch {
    return false;
  }
}

/** A signer from a 32-byte ed25519 secret. */
export function signerFromSecret(secret: Uint8Array): Signer {
  return {
    publicKey: bytesToHex(ed25519.getPublicKey(secret)),
    sign: (message) => ed25519.sign(message, secret),
  };
}

/** What is signed to log in: bound to the server's name, so that one network's login is no other's. */
export function loginMessage(challenge: { nonce: string; server: string; expires_at: string }): Uint8Array {
  return utf8ToBytes(`coop/login/1\n${canonicalJson(challenge)}`);
}

/** What a new machine signs to enrol: its key, bound to the token that lets it in. */
export function enrolMessage(request: { token: string; public_key: string }): Uint8Array {
  return utf8ToBytes(`coop/enrol/1\n${canonicalJson({ token: request.token, public_key: request.public_key })}`);
}

/** What a machine signs each time it dials in. */
export function linkMessage(challenge: { machine_id: string; nonce: string; server: string }): Uint8Array {
  return utf8ToBytes(`coop/link/1\n${canonicalJson(challenge)}`);
}
