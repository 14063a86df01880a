import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refusal } from './answer.ts';
import { decodeChallenge } from './messages.ts';
import { outcomes } from './outcomes.ts';
import { answererOf, talk } from './testing/both-sides.ts';
import { hash } from './testing/plain-work.ts';
import { step } from './verifier.ts';
import type { Verification } from './verifier.ts';

/** Messages that were spoilt on the way, on both sides. What once went wrong is kept in fixtures/fuzz-corpus.json. */

type Edit =
  | { edit: 'flip'; at: number; mask: number }
  | { edit: 'cut'; bytes: number }
  | { edit: 'append'; bytes: number }
  | { edit: 'replace_by'; turn: number }
  | { edit: 'random'; bytes: number }
  | { edit: 'kind'; kind: number };
type Case = { turn: number; edits: Edit[] };

const edits = fc.oneof(
  fc.record({ edit: fc.constant('flip' as const), at: fc.nat(20_000), mask: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ edit: fc.constant('cut' as const), bytes: fc.integer({ min: 1, max: 20_000 }) }),
  fc.record({ edit: fc.constant('append' as const), bytes: fc.integer({ min: 1, max: 70_000 }) }),
  fc.record({ edit: fc.constant('replace_by' as const), turn: fc.nat(3) }),
  fc.record({ edit: fc.constant('random' as const), bytes: fc.nat(300) }),
  fc.record({ edit: fc.constant('kind' as const), kind: fc.nat(255) }),
);
const cases = fc.record({ turn: fc.nat(3), edits: fc.array(edits, { minLength: 1, maxLength: 3 }) });
const corpus = JSON.parse(readFileSync(new URL('./fixtures/fuzz-corpus.json', import.meta.url), 'utf8')) as Case[];

const honest = await talk(answererOf());
/** The verifier waits for answer n. */
const waiting: Verification[] = [];
for (let turns = 0; turns < 4; turns++) waiting.push((await talk(answererOf(), { turns })).state);

test.each(corpus.map((one) => [JSON.stringify(one), one] as const))('kept: %s', async (_name, one) => {
  verifierHolds(one);
  await proverHolds(one);
});

test('a spoilt answer ends the challenge with a reason, and never as proved', () => {
  fc.assert(fc.property(cases, verifierHolds), { numRuns: 400 });
});

test('a spoilt question is refused with a reason, and the device is free again', async () => {
  await fc.assert(fc.asyncProperty(cases, proverHolds), { numRuns: 60 });
});

test('another length is refused before anything is read, whatever it holds', () => {
  for (const turn of [1, 2, 3]) {
    for (const length of [0, 1, 83, 84, honest.answers[turn]!.length - 1, honest.answers[turn]!.length + 1, 2 ** 24]) {
      // Were one byte of it looked at, this would say so.
      const bytes = new Proxy(new Uint8Array(0), {
        get: (_, name) => {
          if (name === 'length') return length;
          throw new Error(`${String(name)} was read`);
        },
      });
      expect(receive(turn, bytes)).toBe('malformed');
    }
  }
});

test('only a whole challenge of this version, with parameters in range, is a challenge', () => {
  const bytes = honest.said[0]!;
  expect(decodeChallenge(bytes)).toBeDefined();
  fc.assert(
    fc.property(fc.nat(3), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      expect(decodeChallenge(bytes.map((byte, n) => (n === at ? byte ^ mask : byte)))).toBeUndefined();
    }),
  );
  for (let at = 100; at < 128; at += 4) {
    for (const value of [0, 0xffffffff]) {
      const changed = bytes.slice();
      new DataView(changed.buffer).setUint32(at, value, true);
      expect(decodeChallenge(changed), `parameter at ${at} is ${value}`).toBeUndefined();
    }
  }
});

function verifierHolds({ turn, edits: list }: Case): void {
  const spoilt = edited(honest.answers, turn, list);
  const outcome = receive(turn, spoilt);
  if (Buffer.compare(spoilt, honest.answers[turn]!) === 0) return; // the edits undid each other
  expect(Object.keys(outcomes)).toContain(outcome);
  expect(outcome).not.toBe('proved');
  if (spoilt.length !== honest.answers[turn]!.length) expect(outcome).toBe('malformed');
}

function receive(turn: number, bytes: Uint8Array): string {
  const state = step(waiting[turn]!, { kind: 'sent', atMs: 0 }).state;
  const after = step(state, { kind: 'received', bytes, atMs: 1, fresh: hash('fresh') }).state;
  return after.stage === 'ended' ? after.outcome : `${after.stage} goes on`;
}

async function proverHolds({ turn, edits: list }: Case): Promise<void> {
  const spoilt = edited(honest.said, turn, list);
  if (Buffer.compare(spoilt, honest.said[turn]!) === 0) return;
  const answerer = answererOf();
  for (const bytes of honest.said.slice(0, turn)) await answerer.receive(bytes, NOW_MS);
  const answer = await answerer.receive(spoilt, NOW_MS).catch((error: unknown) => error);
  // A nonce and a query are not signed: another one is answered as it stands, and the verifier would see that it is not his.
  if (answer instanceof Uint8Array) expect(turn).toBeGreaterThan(0);
  else expect(answer).toBeInstanceOf(Refusal);
  await answerer.close();
}

const NOW_MS = 1_700_000_000_000;

function edited(messages: readonly Uint8Array[], turn: number, list: readonly Edit[]): Uint8Array {
  return list.reduce<Uint8Array>((bytes, one) => {
    switch (one.edit) {
      case 'flip':
        return bytes.map((byte, n) => (n === one.at % bytes.length ? byte ^ one.mask : byte));
      case 'cut':
        return bytes.slice(0, Math.max(0, bytes.length - one.bytes));
      case 'append':
        return new Uint8Array(Buffer.concat([bytes, Buffer.alloc(one.bytes, 7)]));
      case 'replace_by':
        return messages[one.turn]!;
      case 'random':
        return new Uint8Array(Buffer.concat(Array.from({ length: 10 }, (_, n) => hash(String(n))))).slice(0, one.bytes);
      case 'kind':
        return bytes.map((byte, n) => (n === 3 ? one.kind : byte));
    }
  }, messages[turn]!);
}
