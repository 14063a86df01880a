import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { chapters, commands } from '@gpucoop/cli/commands.ts';
import { referencePage } from '@gpucoop/cli/reference-page.ts';
import { emissionVectors } from '@gpucoop/contracts/vectors/emission.ts';
import { escrowVectors } from '@gpucoop/contracts/vectors/escrow.ts';
import { licenceVectors } from '@gpucoop/contracts/vectors/licence.ts';
import { migrate } from '@gpucoop/server/db/migrate.ts';
import { openPglite } from '@gpucoop/server/db/pglite.ts';
import type { Session } from '@gpucoop/server/db/open.ts';
import { ptxModules } from './ptx.ts';

/** `node tools/generate.ts` writes the generated files; with `--check` it fails when one of them is stale. */

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

const scalarTypes: Record<string, string> = {
  text: 'string',
  bool: 'boolean',
  int4: 'number',
  int8: 'bigint',
  float8: 'number',
  bytea: 'Uint8Array',
  timestamptz: 'Date',
  _text: 'string[]',
};

const files: [path: string, text: string][] = [
  ['server/src/db/rows.ts', await rowTypes()],
  ['contracts/test/vectors/emission.json', JSON.stringify(emissionVectors())],
  ['docs/reference/cli.md', referencePage(commands, chapters)],
  ['contracts/test/vectors/escrow.json', JSON.stringify(escrowVectors())],
  ...ptxModules(),
  ['contracts/test/vectors/licence.json', JSON.stringify(licenceVectors())],
];

const stale: string[] = [];
for (const [name, text] of files) {
  const path = join(root, name);
  const formatted = format(path, text);
  if (formatted === (await readFile(path, 'utf8').catch(() => ''))) continue;
  if (check) stale.push(relative(root, path));
  else await writeFile(path, formatted);
}
if (stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}\nRun \`npm run generate\` and commit what it writes.`);
  process.exitCode = 1;
}

type Column = {
  table_name: string;
  column_name: string;
  data_type: string;
  udt_name: string;
  nullable: boolean;
  identity: 'ALWAYS' | 'BY DEFAULT' | null;
  has_default: boolean;
};

/** The types of all rows, read from a database that the migrations have just made. */
async function rowTypes(): Promise<string> {
  const database = await openPglite({ memory: true });
  try {
    await migrate(database);
    return await database.exclusive(async (session) => {
      const columns = await session.rows<Column>(`
        select c.table_name, c.column_name, c.data_type, c.udt_name, c.is_nullable = 'YES' as nullable,
          c.identity_generation as identity, c.column_default is not null as has_default
        from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
        where table_schema = 'public' and t.table_type = 'BASE TABLE'
        order by c.table_name, c.ordinal_position`);
      return writeTypes(
        Map.groupBy(columns, (column) => column.table_name),
        await closedLists(session),
      );
    });
  } finally {
    await database.close();
  }
}

/** `table.column` → the literals that a check constraint allows. */
async function closedLists(session: Session): Promise<Map<string, string[]>> {
  const checks = await session.rows<{ table_name: string; definition: string }>(`
    select conrelid::regclass::text as table_name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace`);
  const lists = new Map<string, string[]>();
  for (const { table_name, definition } of checks) {
    const match = /^CHECK \(\((\w+) = ANY \(ARRAY\[(.*)\]\)\)\)$/.exec(definition);
    if (match)
      lists.set(
        `${table_name}.${match[1]}`,
        [...match[2]!.matchAll(/'([^']*)'::text/g)].map(([, literal]) => literal!),
      );
  }
  return lists;
}

function writeTypes(tables: Map<string, Column[]>, lists: Map<string, string[]>): string {
  const lines = [
    '// Generated from the migrations by `npm run generate`. Do not edit.',
    "import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely';",
    '',
    '/** Written as JSON text, so that both drivers store the same; read as parsed. */',
    'type Json = ColumnType<unknown, string, string>;',
    'type JsonOrNull = ColumnType<unknown, string | null | undefined, string | null>;',
    'type JsonWithDefault = ColumnType<unknown, string | undefined, string>;',
    '',
    'export type Tables = {',
  ];
  for (const [table, columns] of tables) {
    lines.push(`  ${table}: {`);
    for (const column of columns) {
      lines.push(`    ${column.column_name}: ${columnType(column, lists.get(`${table}.${column.column_name}`))};`);
    }
    lines.push('  };');
  }
  lines.push(
    '};',
    '',
    '/** A row as it is read. */',
    'export type Row<Table extends keyof Tables> = Selectable<Tables[Table]>;',
    '',
  );
  return lines.join('\n');
}

function columnType(column: Column, literals: string[] | undefined): string {
  if (column.udt_name === 'jsonb')
    return column.has_default ? 'JsonWithDefault' : column.nullable ? 'JsonOrNull' : 'Json';
  const scalar = literals?.map((literal) => `'${literal}'`).join(' | ') ?? scalarTypes[column.udt_name];
  if (scalar === undefined)
    throw new Error(`${column.table_name}.${column.column_name}: no type for ${column.udt_name}`);
  const type = column.nullable ? `${scalar} | null` : scalar;
  if (column.identity === 'ALWAYS') return `GeneratedAlways<${type}>`;
  return column.has_default || column.identity !== null ? `Generated<${type}>` : type;
}

/** As `npm run format` leaves it, so that the check compares like with like. */
function format(path: string, text: string): string {
  const result = spawnSync(join(root, 'node_modules/.bin/oxfmt'), [`--stdin-filepath=${path}`], {
    input: text,
    encoding: 'utf8',
    cwd: root,
  });
  if (result.status !== 0) throw new Error(`oxfmt failed: ${result.stderr}`);
  return result.stdout;
}
