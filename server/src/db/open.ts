import type { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import { backup } from './backup.ts';
import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';
import type { Tables } from './rows.ts';

/** One database, embedded or served. Both speak the same SQL and give the same JavaScript types. */
export type Database = {
  db: Kysely<Tables>;
  engine: 'pglite' | 'postgres';
  /** Notifications only wake: one sent while the connection is being re-made is lost, so nothing may depend on it alone. */
  listen(channel: string, handler: (payload: string) => void): Promise<() => Promise<void>>;
  /** Given `within`, the notification is sent when that transaction commits, and only then. */
  notify(channel: string, payload: string, within?: Kysely<Tables>): Promise<void>;
  /** One transaction on a connection of its own without time limits, for migrations and archives. */
  exclusive<Result>(work: (session: Session) => Promise<Result>, mode?: SessionMode): Promise<Result>;
  /** A consistent archive that `restore` reads on either engine. */
  backup(): Promise<Readable>;
  close(): Promise<void>;
};

export type Session = {
  /** Several statements, no parameters. */
  script(sql: string): Promise<void>;
  rows<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
};
export type SessionMode = 'write' | 'snapshot';

/** What an engine brings; the rest is the same for both. */
export type Engine = Omit<Database, 'backup'>;

export type DatabaseLocation = { url: string; connections?: number } | { dir: string } | { memory: true; from?: Blob };

/** Opens the database as it is; `migrate` brings it to the present schema. */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  const engine = 'url' in location ? await openPostgres(location) : await openPglite(location);
  return { ...engine, backup: () => backup(engine) };
}
