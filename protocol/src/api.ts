import { z } from 'zod';
import { PublicKey, Statement } from './evidence.ts';
import {
  ApiKey,
  Balance,
  Demand,
  LedgerLine,
  Machine,
  MachineTerms,
  Offer,
  Run,
  User,
  keyScopes,
} from './resources.ts';
import { Spec } from './spec.ts';
import { runStates } from './states.ts';

/** What requests of the HTTP API hold, and the answers that are not one of the resources. Server, SDK and OpenAPI share these. */

const Time = z.iso.datetime();
const Hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `must be ${bytes * 2} hex digits`);
const Name = z.string().trim().min(1).max(63);

export const PAGE_LIMIT_MAX = 200;

export const PageQuery = z.object({
  cursor: z.string().max(512).optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number<number>().int().min(1).max(PAGE_LIMIT_MAX).default(50),
});
export type PageQuery = z.input<typeof PageQuery>;

function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable().describe('null: this is the last page') });
}

export const OfferPage = pageOf(Offer).meta({ id: 'OfferPage' });
export const RunPage = pageOf(Run).meta({ id: 'RunPage' });
export const MachinePage = pageOf(Machine).meta({ id: 'MachinePage' });
export const LedgerPage = pageOf(LedgerLine).meta({ id: 'LedgerPage' });
export const UserPage = pageOf(User).meta({ id: 'UserPage' });
export type Page<Item> = { items: Item[]; next_cursor: string | null };

export const ChallengeRequest = z.object({ public_key: PublicKey }).meta({ id: 'ChallengeRequest' });
export const Challenge = z
  .object({
    nonce: z.string(),
    server: z.string().describe('The name of the network, part of what is signed'),
    expires_at: Time,
  })
  .meta({ id: 'Challenge' });
export type Challenge = z.infer<typeof Challenge>;

export const LoginRequest = z
  .object({
    public_key: PublicKey,
    nonce: z.string().max(128),
    name: Name.optional().describe('Of the new user, when the key is not known yet'),
    signature: Hex(64).describe('ed25519 over loginMessage: `coop/login/1\\n` and the canonical JSON of the challenge'),
  })
  .meta({ id: 'LoginRequest' });
export type LoginRequest = z.input<typeof LoginRequest>;

export const NewKey = z
  .object({
    id: z.string(),
    secret: z.string().describe('Shown once; send it as a bearer token'),
    expires_at: Time.nullable(),
  })
  .meta({ id: 'NewKey' });
export type NewKey = z.infer<typeof NewKey>;

export const Login = z.object({ user: User, key: NewKey }).meta({ id: 'Login' });
export type Login = z.infer<typeof Login>;

export const Me = z.object({ user: User, key_id: z.string(), scopes: z.array(z.enum(keyScopes)) }).meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

export const KeyRequest = z
  .object({
    name: Name,
    scopes: z.array(z.enum(keyScopes)).min(1).describe('At most those of the key that asks'),
    expires_at: Time.nullable().default(null),
  })
  .meta({ id: 'KeyRequest' });
export type KeyRequest = z.input<typeof KeyRequest>;
export const KeyList = z.object({ items: z.array(ApiKey) }).meta({ id: 'KeyList' });

export const OfferQuery = PageQuery.extend({
  q: z.string().max(2000).optional().describe('An expression over offers, `gpu=rtx-4090 price<0.5`'),
  sort: z.string().max(200).optional().describe('Fields, `-` for falling: `price`, `-reliability,price`'),
});
export type OfferQuery = z.input<typeof OfferQuery>;
export const DemandList = z.object({ items: z.array(Demand) }).meta({ id: 'DemandList' });

const QUOTE_INPUT = 'give either spec or spec_yaml';
export const QuoteRequest = z
  .object({
    spec: Spec.optional().describe('Normalised'),
    spec_yaml: z.string().max(262_144).optional().describe('As people write it'),
    explain: z.boolean().default(false).describe('Say why offers do not match also where some do'),
  })
  .refine((body) => (body.spec === undefined) !== (body.spec_yaml === undefined), QUOTE_INPUT)
  .meta({ id: 'QuoteRequest' });
export type QuoteRequest = z.input<typeof QuoteRequest>;

export const PolicyAnswer = z
  .object({ hash: z.string(), policy: z.record(z.string(), z.unknown()) })
  .meta({ id: 'PolicyAnswer' });
export type PolicyAnswer = z.infer<typeof PolicyAnswer>;

export const OrderRequest = z
  .object({
    statement: Statement.describe('An `order`, signed by one of your keys'),
    queue: z.boolean().default(false).describe('Wait for an offer when none is free'),
    secrets: z
      .record(z.string().max(256), z.string().max(65_536))
      .default({})
      .describe('Values for the spec’s secret_names'),
    registry_auth: z
      .object({ username: z.string().max(1024), password: z.string().max(16_384) })
      .nullable()
      .default(null),
  })
  .meta({ id: 'OrderRequest' });
export type OrderRequest = z.input<typeof OrderRequest>;

const Flag = z.enum(['0', '1', 'false', 'true']).transform((text) => text === '1' || text === 'true');

export const MachineQuery = PageQuery.extend({ removed: Flag.default(false).describe('Also those that were removed') });
export type MachineQuery = z.input<typeof MachineQuery>;

export const RunQuery = PageQuery.extend({
  state: z
    .string()
    .max(200)
    .optional()
    .describe(`Any of ${runStates.join(', ')}, separated by commas`),
});
export type RunQuery = z.input<typeof RunQuery>;

export const ExtendRequest = z
  .object({
    budget_micros: z.number().int().positive().nullable().default(null).describe('Added to the budget'),
    duration_s: z.number().int().positive().nullable().default(null).describe('Added to the longest duration'),
  })
  .refine((by) => by.budget_micros !== null || by.duration_s !== null, 'give budget_micros, duration_s or both')
  .meta({ id: 'ExtendRequest' });
export type ExtendRequest = z.input<typeof ExtendRequest>;

export const EventQuery = z.object({
  after: z.coerce.number<number>().int().min(0).optional().describe('Only what is newer than this id'),
});
export const LogRequest = z.object({
  after: z.coerce.number<number>().int().min(0).optional().describe('Only lines with a higher seq'),
  tail: z.coerce.number<number>().int().min(0).max(100_000).optional().describe('Only the last lines'),
  follow: Flag.default(false).describe('Stay until the run has ended'),
  lease_id: z.string().max(64).optional().describe('Of an earlier lease of the run'),
});
export type LogRequest = z.output<typeof LogRequest>;

export const EvidencePage = pageOf(Statement).meta({ id: 'EvidencePage' });

export const JoinTokenRequest = z
  .object({
    name: Name.nullable().default(null),
    ttl_s: z
      .number()
      .int()
      .min(60)
      .max(30 * 86_400)
      .default(3600),
  })
  .meta({ id: 'JoinTokenRequest' });
export type JoinTokenRequest = z.input<typeof JoinTokenRequest>;
export const JoinToken = z
  .object({
    token: z.string().describe('Shown once, good for one machine'),
    expires_at: Time,
    command: z.string().describe('The one line to type on the other computer'),
  })
  .meta({ id: 'JoinToken' });
export type JoinToken = z.infer<typeof JoinToken>;

export const TermsRequest = MachineTerms.partial().strict().meta({ id: 'TermsRequest' });
export type TermsRequest = z.input<typeof TermsRequest>;
export const ListingRequest = z
  .object({ listing: z.enum(['listed', 'paused', 'draining']) })
  .meta({ id: 'ListingRequest' });
export type ListingRequest = z.input<typeof ListingRequest>;
export const LinkChallengeRequest = z.object({ machine_id: z.string().max(64) }).meta({ id: 'LinkChallengeRequest' });

export const GrantRequest = z
  .object({
    user_id: z.string().max(64),
    amount_micros: z.number().int().positive(),
    reason: z.string().trim().min(1).max(500),
  })
  .meta({ id: 'GrantRequest' });
export type GrantRequest = z.input<typeof GrantRequest>;
export const GrantAnswer = z.object({ user_id: z.string(), balance: Balance }).meta({ id: 'GrantAnswer' });
export const SuspensionRequest = z
  .object({ subject: z.string().max(64).describe('A user or a machine'), reason: z.string().trim().min(1).max(500) })
  .meta({ id: 'SuspensionRequest' });
export type SuspensionRequest = z.input<typeof SuspensionRequest>;
export const ResumeQuery = z.object({
  reason: z.string().trim().min(1).max(500).default('The suspension was lifted.'),
});

export const Inspection = z
  .object({
    assets: z.array(z.object({ asset: z.string(), sum_micros: z.number().int(), transfers: z.number().int() })),
    problems: z.array(z.object({ what: z.string(), ids: z.array(z.string()) })).describe('Empty is good'),
    counts: z.record(z.string(), z.number()),
  })
  .meta({ id: 'Inspection' });
export type Inspection = z.infer<typeof Inspection>;

export const Health = z
  .object({ status: z.enum(['ok', 'failing']), checks: z.record(z.string(), z.string()) })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof Health>;
