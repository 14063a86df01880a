import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fixFormats, HISTORY, readTables, type Footer, type Header, type TableShape } from './archive.ts';
import type { Engine, Session } from './open.ts';

const ROWS_AT_ONCE = 500;

/**
 * One snapshot of everything, as an archive that `restore` reads. It is written to a file first, so that a slow reader keeps neither
 * a snapshot open nor, on the embedded engine, everybody else waiting.
 */
export async function backup(database: Engine): Promise<Readable> {
  const path = join(tmpdir(), `coop-backup-${randomUUID()}`);
  try {
    await database.exclusive(
      (session) =>
        pipeline(Readable.from(archive(session)), createGzip(), createWriteStream(path, { flags: 'wx', mode: 0o600 })),
      'snapshot',
    );
    return (await open(path)).createReadStream();
  } finally {
    await rm(path, { force: true }); // the open file stays, and is gone with whoever reads it
  }
}

async function* archive(session: Session): AsyncGenerator<string> {
  await fixFormats(session);
  const hash = createHash('sha256');
  const print = (line: string) => {
    hash.update(`${line}\n`);
    return `${line}\n`;
  };
  const tables = (await readTables(session)).filter(({ name }) => name !== HISTORY);
  yield print(JSON.stringify(await headerOf(session, tables)));
  for (const table of tables) {
    for await (const line of rowsOf(session, table)) yield print(line);
  }
  yield JSON.stringify({ sha256: hash.digest('hex') } satisfies Footer) + '\n';
}

async function headerOf(session: Session, tables: TableShape[]): Promise<Header> {
  const header: Header = {
    coop_archive: 1,
    schema: await session.rows(`select name, hash from ${HISTORY} order by n`),
    tables: [],
    sequences: [],
  };
  for (const { name, columns } of tables) {
    const [count] = await session.rows<{ rows: number }>(`select count(*)::int as rows from ${name}`);
    header.tables.push({ name, columns: columns.map((column) => column.name), rows: count!.rows });
  }
  const sequences = await session.rows<{ name: string }>(
    "select relname as name from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace order by relname",
  );
  for (const { name } of sequences) {
    const [state] = await session.rows<{ last_value: string; is_called: boolean }>(
      `select last_value::text, is_called from ${name}`,
    );
    header.sequences.push({ name, ...state! });
  }
  return header;
}

async function* rowsOf(session: Session, { name, columns, order }: TableShape): AsyncGenerator<string> {
  const texts = columns.map((column) => `${column.name}::text`).join(', ');
  await session.rows(
    `declare archive cursor for select json_build_array(${texts})::text as line from ${name} order by ${order.join(', ')}`,
  );
  for (;;) {
    const rows = await session.rows<{ line: string }>(`fetch ${ROWS_AT_ONCE} from archive`);
    for (const { line } of rows) yield line;
    if (rows.length < ROWS_AT_ONCE) break;
  }
  await session.rows('close archive');
}
