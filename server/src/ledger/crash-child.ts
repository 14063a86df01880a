import { randomBytes } from 'node:crypto';
import { makeId } from '@gpucoop/protocol/ids.ts';
import { openDatabase, type DatabaseLocation } from '../db/open.ts';
import { transaction } from '../db/transaction.ts';
import { accountId, hold, postHold, releaseHold, transfer } from './ledger.ts';

/** Moves money as fast as it can and says what was committed, until it is killed: the program that crash.test.ts kills. */
const location = JSON.parse(process.argv[2]!) as DatabaseLocation;
const { db } = await openDatabase(location);
const [debit, credit] = [accountId('spending', 'ada'), accountId('earnings', 'bob')];
const purpose = { asset: 'usd', what: 'crash test' } as const;

async function hammer(worker: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    const [held, resolved, back] = [newId(), newId(), newId()];
    const at = new Date();
    const amount = BigInt(1 + ((round * 7 + worker) % 50));
    await transaction(db, (tx) => hold(tx, { ...purpose, id: held, debit, credit, amount, at }));
    say(held);
    await transaction(db, async (tx) => {
      if (round % 3 === 0) return releaseHold(tx, { id: resolved, hold_id: held, what: 'crash test', at });
      await postHold(tx, { id: resolved, hold_id: held, amount: amount / 2n, what: 'crash test', at });
      return transfer(tx, { ...purpose, id: back, debit: credit, credit: debit, amount: amount / 2n, at });
    });
    say(resolved);
  }
}

function newId(): string {
  return makeId('transfer', randomBytes(16));
}

/** Only what is committed is said, so whatever was said must be there afterwards. */
function say(id: string): void {
  process.stdout.write(`${id}\n`);
}

await Promise.all([0, 1, 2, 3].map(hammer));
