import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { Statement } from '@gpucoop/protocol/evidence.ts';
import { isId } from '@gpucoop/protocol/ids.ts';
import { endReasonCodes } from '@gpucoop/protocol/reasons.ts';
import type { Logger } from 'pino';
import { readIfThere, writeDurably } from './durable-file.ts';

const Instant = z.object({ boot_id: z.string(), monotonic_ms: z.number().int().nonnegative() });

/**
 * What the agent must know of a lease after a crash at any instant. Written before each act whose repetition would matter.
 * `order` holds environment and registry credentials only till the container was started; its hash tells a repeated order from another.
 */
export const LeaseRecord = z.object({
  order: LeaseOrder,
  order_hash: z.string(),
  accepted_at: z.iso.datetime(),
  container_id: z.string().nullable(),
  start_called: Instant.nullable(),
  started: z.boolean(),
  ready: Instant.nullable(),
  stop: z.object({ reason: z.enum(endReasonCodes), grace_s: z.number().int(), asked_at: z.iso.datetime() }).nullable(),
  end: z
    .object({
      at: z.iso.datetime(),
      reason: z.enum(endReasonCodes),
      detail: z.string().nullable(),
      exit_code: z.number().int().nullable(),
      served_ms: z.number().int().nonnegative(),
      /** The final meter line; null where it was never ready. `journaled` once the journal has it. */
      meter: Statement.nullable(),
      journaled: z.boolean(),
    })
    .nullable(),
  /** Removed on the server's order. The record stays a while, so that a late repetition of the order starts nothing. */
  removed_at: z.iso.datetime().nullable(),
});
export type LeaseRecord = z.infer<typeof LeaseRecord>;

export type LeaseRecords = {
  all(): Promise<LeaseRecord[]>;
  save(record: LeaseRecord): Promise<void>;
  forget(leaseId: string): Promise<void>;
};

export async function openLeaseRecords(stateDir: string, log: Logger): Promise<LeaseRecords> {
  const directory = join(stateDir, 'leases');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pathOf = (leaseId: string) => join(directory, `${leaseId}.json`);
  return {
    all: async () => {
      const records: LeaseRecord[] = [];
      for (const name of await readdir(directory)) {
        if (name.endsWith('.tmp')) await rm(join(directory, name), { force: true });
        if (!name.endsWith('.json') || !isId('lease', name.slice(0, -5))) continue;
        try {
          records.push(LeaseRecord.parse(JSON.parse((await readIfThere(join(directory, name)))!)));
        } catch (error) {
          // Its container, if any, is then one without a record, and ends as such.
          log.error({ err: error, file: name }, 'the record of a lease cannot be read');
        }
      }
      return records;
    },
    save: (record) => writeDurably(pathOf(record.order.lease_id), JSON.stringify(record)),
    forget: (leaseId) => rm(pathOf(leaseId), { force: true }),
  };
}

export function newRecord(order: LeaseOrder, now: Date): LeaseRecord {
  return {
    order,
    order_hash: hashOf(order),
    accepted_at: now.toISOString(),
    container_id: null,
    start_called: null,
    started: false,
    ready: null,
    stop: null,
    end: null,
    removed_at: null,
  };
}

/** Once the engine has them, the agent needs no secrets any more. */
export function withoutSecrets(order: LeaseOrder): LeaseOrder {
  return { ...order, env: {}, registry_auth: null };
}

/** Independent of the order of keys. Floats allowed: it is never signed. */
export function hashOf(order: LeaseOrder): string {
  const sorted = JSON.stringify(order, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(sorted).digest('hex');
}
