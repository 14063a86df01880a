import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { openTestDatabase } from '../../../test/support/database.ts';
import { describeNeeding } from '../../../test/support/needs.ts';
import { migrate } from '../db/migrate.ts';
import { openDatabase, type Database, type DatabaseLocation } from '../db/open.ts';
import { transaction } from '../db/transaction.ts';
import { inspectLedger } from './inspect.ts';
import { grantCredit, openUserAccounts } from './ledger.ts';

const at = new Date('2026-01-02T03:04:05.678Z');
/** How much the child may say before it is killed: a different instant each time. */
const LINES_BEFORE_KILL = [1, 37, 90];

describe('a process killed in the middle of moving money (PGlite)', () => {
  test('loses nothing it has said, and leaves a ledger that is right', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'coop-crash-'));
    try {
      const location = { dir };
      const prepared = await openDatabase(location);
      await prepare(prepared);
      await prepared.close();
      const said: string[] = [];
      for (const lines of LINES_BEFORE_KILL) {
        said.push(...(await killAfter(location, lines)));
        const database = await openDatabase(location);
        await assertRight(database, said);
        await database.close();
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }, 240_000); // seven starts of the embedded database
});

describeNeeding(['postgres'], 'a process killed in the middle of moving money (PostgreSQL)', () => {
  test('loses nothing it has said, and leaves a ledger that is right', async () => {
    const database = await openTestDatabase('postgres');
    try {
      await prepare(database);
      const said: string[] = [];
      for (const lines of LINES_BEFORE_KILL) {
        said.push(...(await killAfter({ url: database.url! }, lines)));
        await assertRight(database, said);
      }
    } finally {
      await database.close();
    }
  });
});

async function prepare(database: Database): Promise<void> {
  await migrate(database);
  await transaction(database.db, async (tx) => {
    for (const user of ['ada', 'bob']) await openUserAccounts(tx, user, at);
    await grantCredit(tx, { id: 'grant', user_id: 'ada', amount: 1_000_000n, what: 'test credit', at });
  });
}

/** What the child said before it was killed with -9. */
async function killAfter(location: DatabaseLocation, lines: number): Promise<string[]> {
  const program = join(import.meta.dirname, 'crash-child.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(location)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const complaints: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  expect({ code, signal, complaints: Buffer.concat(complaints).toString() }).toEqual({
    code: null,
    signal: 'SIGKILL',
    complaints: '',
  });
  expect(said.length).toBeGreaterThanOrEqual(lines);
  return said;
}

async function assertRight({ db }: Database, said: string[]): Promise<void> {
  const found = await db.selectFrom('transfers').select('id').where('id', 'in', said).execute();
  expect(found).toHaveLength(said.length);
  const { problems, assets } = await inspectLedger(db);
  expect(problems.filter(({ what }) => !what.startsWith('(8)'))).toEqual([]); // there are no leases here
  expect(assets).toMatchObject([{ sum_micros: 0 }]);
}
