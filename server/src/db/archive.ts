import type { Session } from './open.ts';

/**
 * The archive is gzipped lines of JSON: a header, then every row as an array of PostgreSQL's own texts, table after table in the
 * header's order, then a line with the SHA-256 of all bytes before it. Texts, because both engines write and read them exactly alike.
 */
export type Header = {
  coop_archive: 1;
  schema: { name: string; hash: string }[];
  tables: { name: string; columns: string[]; rows: number }[];
  sequences: { name: string; last_value: string; is_called: boolean }[];
};

export type Footer = { sha256: string };

/** Where the migrations themselves are noted: travels in the header, not among the rows. */
export const HISTORY = 'schema_migrations';

export type TableShape = {
  name: string;
  columns: { name: string; type: string }[];
  /** By these columns a row comes after every row of its own table that it refers to. */
  order: string[];
};

/** So that texts do not depend on the server's settings. */
export async function fixFormats(session: Session): Promise<void> {
  await session.script(
    "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local bytea_output = 'hex'; set local extra_float_digits = 1",
  );
}

/** All tables, each after those it refers to. */
export async function readTables(session: Session): Promise<TableShape[]> {
  const columns = await session.rows<{ table: string; name: string; type: string; identity: boolean }>(`
    select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attidentity <> '' as identity
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attnum`);
  const keys = await session.rows<{ table: string; name: string }>(`
    select c.relname as table, a.attname as name
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    cross join lateral unnest(k.conkey) with ordinality as key(attnum, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = key.attnum
    where k.contype = 'p' and c.relnamespace = 'public'::regnamespace order by c.relname, key.place`);
  const references = await session.rows<{ table: string; target: string }>(`
    select c.relname as table, t.relname as target
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and c.relnamespace = 'public'::regnamespace`);

  const shapes = [...Map.groupBy(columns, ({ table }) => table)].map(([name, of]): TableShape => {
    const identity = of.filter((column) => column.identity).map((column) => column.name);
    const primary = keys.filter((key) => key.table === name).map((key) => key.name);
    return {
      name,
      columns: of.map((column) => ({ name: column.name, type: column.type })),
      order: identity.length > 0 ? identity : primary,
    };
  });
  return inOrderOfReference(shapes, references);
}

function inOrderOfReference(shapes: TableShape[], references: { table: string; target: string }[]): TableShape[] {
  const placed: TableShape[] = [];
  let left = shapes;
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name));
    const ready = left.filter(({ name }) =>
      references.every(({ table, target }) => table !== name || target === name || !waiting.has(target)),
    );
    if (ready.length === 0) throw new Error(`tables refer to each other in a circle: ${[...waiting].join(', ')}`);
    placed.push(...ready);
    left = left.filter((shape) => !ready.includes(shape));
  }
  return placed;
}
