import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { signStatement, type Statement } from '@gpucoop/protocol/evidence.ts';
import { openJournal, type Journal } from './journal.ts';
import { signerOf } from './machine-key.ts';

const log = pino({ level: 'silent' });
const signer = signerOf('22'.repeat(32));
let stateDir: string;
let opened: Journal[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'coop-journal-'));
});
afterEach(async () => {
  for (const journal of opened) await journal.close();
  opened = [];
  await rm(stateDir, { recursive: true, force: true });
});

async function open(longest?: number): Promise<Journal> {
  const journal = await openJournal({ stateDir, log, onAppend: () => {}, ...(longest !== undefined && { longest }) });
  opened.push(journal);
  return journal;
}
const line = (served_ms: number, lease_id = 'lse_1', final = false): Statement<'meter'> =>
  signStatement('meter', { lease_id, container_id: 'c', served_ms, final }, '2030-01-01T00:00:00Z', signer);
const servedOf = (events: readonly { statement: { body: Record<string, unknown> } }[]) =>
  events.map((event) => event.statement.body['served_ms']);

test('what was appended and not acknowledged is there after a crash, in order, with the same numbers', async () => {
  const first = await open();
  for (const served of [1, 2, 3]) await first.append(line(served));
  first.acknowledge(1);
  const second = await open(); // the first was not closed
  expect(second.unacknowledged(0).map((event) => event.seq)).toEqual(expect.arrayContaining([2, 3]));
  await second.append(line(4));
  expect(second.unacknowledged(0).at(-1)?.seq).toBe(4);
  second.acknowledge(4);
  await second.close();
  const third = await open();
  expect(third.unacknowledged(0)).toEqual([]);
  await third.append(line(5));
  expect(third.unacknowledged(0).map((event) => event.seq)).toEqual([5]);
});

test('a line that a crash left torn is cut off, and what comes after it is kept', async () => {
  const first = await open();
  await first.append(line(1));
  await appendFile(join(stateDir, 'journal.ndjson'), '{"type":"meter","seq":2,"statem');
  const second = await open();
  await second.append(line(3));
  const third = await open();
  expect(servedOf(third.unacknowledged(0))).toEqual([1, 3]);
  await writeFile(join(stateDir, 'journal.ndjson'), '\u0000\u0000garbage');
  expect((await open()).unacknowledged(0)).toEqual([]);
});

test('a server cannot acknowledge what was never sent', async () => {
  const journal = await open();
  await journal.append(line(1));
  journal.acknowledge(1000);
  await journal.append(line(2));
  expect(servedOf(journal.unacknowledged(0))).toEqual([2]);
});

test('a journal that nobody reads stays bounded, and keeps the last word of every lease', async () => {
  const journal = await open(40);
  await journal.append(line(999, 'lse_2', true));
  for (let served = 0; served < 200; served++) await journal.append(line(served));
  const kept = journal.unacknowledged(0);
  expect(kept.length).toBeLessThanOrEqual(41);
  expect(servedOf(kept)).toEqual(expect.arrayContaining([999, 199]));
  expect((await readFile(join(stateDir, 'journal.ndjson'), 'utf8')).length).toBeGreaterThan(0);
});
