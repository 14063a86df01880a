import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { fixFormats, readTables, type Footer, type Header, type TableShape } from './archive.ts';
import { apply, assertSameHistory, createHistory, readMigrations, type Migration } from './migrate.ts';
import type { Engine, Session } from './open.ts';
import { sqlState } from './transaction.ts';

const ROWS_AT_ONCE = 500;

/**
 * Reads an archive into an empty database, with the schema it was made under; `migrate` then brings that forward.
 * All or nothing: counts and hash are verified before anything is committed. Answers the rows per table.
 */
export async function restore(
  database: Engine,
  archive: Readable,
  migrations?: Migration[],
): Promise<Record<string, number>> {
  const known = migrations ?? (await readMigrations());
  let restored: Record<string, number> = {};
  try {
    await pipeline(archive, createGunzip(), async (source: AsyncIterable<Buffer>) => {
      restored = await database.exclusive((session) => restoreAll(session, source, known));
    });
  } catch (error) {
    if (isDamage(error)) throw damaged('cannot be unpacked', error);
    // Classes 22 and 23: a value that is none of its type, or a row that breaks a constraint.
    if (/^2[23]/.test(sqlState(error) ?? '')) throw damaged('has a row that the schema refuses', error);
    throw error;
  }
  return restored;
}

async function restoreAll(
  session: Session,
  source: AsyncIterable<Buffer>,
  known: Migration[],
): Promise<Record<string, number>> {
  await assertEmpty(session);
  const lines = verifiedLines(source);
  const header = await readHeader(lines);
  assertSameHistory(header.schema, known);
  await createHistory(session);
  for (const [index, migration] of known.slice(0, header.schema.length).entries())
    await apply(session, migration, index + 1);

  await fixFormats(session);
  const shapes = new Map((await readTables(session)).map((shape) => [shape.name, shape]));
  for (const table of header.tables) {
    const shape = shapes.get(table.name);
    if (shape === undefined) throw damaged(`has an unknown table ${table.name}`);
    await insertRows(session, shape, table, lines);
  }
  if (!(await lines.next()).done) throw damaged('has more rows than its header says');
  for (const { name, last_value, is_called } of header.sequences) {
    await session.rows('select setval($1::regclass, $2::bigint, $3::boolean)', [name, last_value, is_called]);
  }
  return Object.fromEntries(header.tables.map(({ name, rows }) => [name, rows]));
}

async function assertEmpty(session: Session): Promise<void> {
  const tables = await session.rows(
    "select from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace limit 1",
  );
  if (tables.length === 0) return;
  throw new CoopError('wrong_state', 'The database is not empty, and an archive is restored into an empty one only.', {
    hint: 'Make a new database, or start with another directory, and restore there.',
  });
}

async function readHeader(lines: AsyncIterator<string>): Promise<Header> {
  const first = await lines.next();
  const header = first.done ? undefined : (parse(first.value) as Header);
  if (header?.coop_archive !== 1) {
    throw new CoopError(
      'invalid_request',
      'This is not an archive of a Coop database, or of a later kind than this version reads.',
    );
  }
  return header;
}

async function insertRows(
  session: Session,
  shape: TableShape,
  table: Header['tables'][number],
  lines: AsyncIterator<string>,
): Promise<void> {
  const types = new Map(shape.columns.map(({ name, type }) => [name, type]));
  const values = table.columns.map((column, place) => {
    const type = types.get(column);
    if (type === undefined) throw damaged(`has an unknown column ${table.name}.${column}`);
    return `(row->>${place})::${type}`;
  });
  const insert = `insert into ${shape.name} (${table.columns.join(', ')}) overriding system value
    select ${values.join(', ')} from json_array_elements($1::json) with ordinality as rows(row, place) order by place`;
  for (let left = table.rows; left > 0; left -= ROWS_AT_ONCE) {
    const batch: string[] = [];
    while (batch.length < Math.min(left, ROWS_AT_ONCE)) {
      const line = await lines.next();
      if (line.done) throw damaged(`ends in the middle of ${table.name}`);
      batch.push(line.value);
    }
    await session.rows(insert, [`[${batch.join(',')}]`]);
  }
}

/** All lines but the last, which must be the hash of those before it. */
async function* verifiedLines(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const hash = createHash('sha256');
  let before: string | undefined;
  for await (const line of splitLines(source)) {
    if (before !== undefined) {
      hash.update(`${before}\n`);
      yield before;
    }
    before = line;
  }
  const footer = before === undefined ? undefined : (parse(before) as Partial<Footer> | null);
  if (footer?.sha256 !== hash.digest('hex')) throw damaged('does not have the content that its hash names');
}

async function* splitLines(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw damaged('has a line that is not JSON', error);
  }
}

function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function damaged(how: string, cause?: unknown): CoopError {
  return new CoopError('invalid_request', `The archive ${how}.`, {
    hint: 'It is damaged or incomplete. Nothing was restored; try another copy.',
    cause,
  });
}
