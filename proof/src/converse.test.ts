import { describe, expect, test } from 'vitest';
import { answererOf, challengeOf, limits, signerOf, verifierKeys } from './testing/both-sides.ts';
import { converse, pingMs } from './converse.ts';
import type { Link } from './converse.ts';
import { lengths, message } from './messages.ts';
import { hash } from './testing/plain-work.ts';

/** A link on a clock that moves by `tickMs` with each message. */
function linkTo(
  answer: (bytes: Uint8Array, turn: number) => Promise<Uint8Array | 'late' | 'lost'>,
  tickMs = 10,
  sendingMs = 1,
) {
  let nowMs = 0;
  let turn = 0;
  const most: number[] = [];
  const deadlines: number[] = [];
  let said = new Uint8Array();
  const link: Link = {
    send: (bytes) => {
      said = new Uint8Array(bytes);
      nowMs += sendingMs;
      return Promise.resolve();
    },
    receive: async (bytesMost, deadlineMs) => {
      most.push(bytesMost);
      deadlines.push(deadlineMs);
      const bytes = await answer(said, turn++);
      nowMs = bytes === 'late' ? deadlineMs + 1 : nowMs + tickMs;
      return typeof bytes === 'string' ? bytes : { bytes, atMs: nowMs };
    },
  };
  return { link, most, deadlines, nowMs: () => nowMs };
}

const fresh = (): Uint8Array => hash('fresh');
const sign = signerOf(verifierKeys);

describe('a conversation', () => {
  test('is carried to its end, and says how much each answer may hold', async () => {
    const answerer = answererOf();
    const answers: Uint8Array[] = [];
    const { link, most, deadlines, nowMs } = linkTo(async (bytes) => {
      answers.push(await answerer.receive(bytes, 0));
      return answers.at(-1)!;
    });
    const stages: string[] = [];
    const stage = (name: string, answered: number): void => void stages.push(`${answered} ${name}`);
    const ended = await converse(link, challengeOf(), limits, { sign, nowMs, fresh, stage });
    expect(ended.outcome).toBe('proved');
    // The time of sending counts: what is measured is never less than what passed.
    expect(ended.proven?.times).toMatchObject({ commitMicros: 11_000n, exchangeMicros: [11_000n, 11_000n] });
    expect(most).toEqual(answers.map(({ length }) => length + 1));
    // Each began eleven milliseconds after the one before it.
    expect(deadlines).toEqual([1000, 11 + 100, 22 + 100, 33 + 5000]);
    expect(stages).toEqual(['0 commitment', '1 roots', '2 roots', '3 openings', '4 ended']);
  });

  test.each([
    ['late', 'no_roots'],
    ['lost', 'link_lost'],
  ] as const)('in which an answer is %s ends as %s', async (what, outcome) => {
    const answerer = answererOf();
    const { link, nowMs } = linkTo((bytes, turn) => (turn === 1 ? Promise.resolve(what) : answerer.receive(bytes, 0)));
    const ended = await converse(link, challengeOf(), limits, { sign, nowMs, fresh });
    expect(ended.outcome).toBe(outcome);
  });
});

test('a link that gives up too early is asked again, and nothing is said twice', async () => {
  const answerer = answererOf();
  const said: Uint8Array[] = [];
  let nowMs = 0;
  let early = true;
  const link: Link = {
    send: (bytes) => Promise.resolve(void said.push(bytes)),
    receive: async () => {
      if (early) return ((early = false), 'late');
      nowMs += 1;
      return { bytes: await answerer.receive(said.at(-1)!, 0), atMs: nowMs };
    },
  };
  const ended = await converse(link, challengeOf(), limits, { sign, nowMs: () => nowMs, fresh });
  expect(ended.outcome).toBe('proved');
  expect(said).toHaveLength(4);
});

describe('a ping', () => {
  const id = challengeOf().id;

  test('takes what the way takes, without the sending', async () => {
    const { link, most, deadlines, nowMs } = linkTo((bytes) => answererOf().receive(bytes, 0), 7);
    expect(await pingMs(link, id, { nowMs, fresh }, 1000)).toBe(7);
    expect([most, deadlines]).toEqual([[lengths.pong() + 1], [1 + 1000]]);
  });

  test.each([
    ['late', () => 'late' as const],
    ['another answer', () => message('pong', id, hash('another'))],
    ['an answer of which one byte is another', () => message('pong', id, fresh().fill(0, 31))],
    ['another length', () => new Uint8Array(lengths.pong() + 1)],
  ])('with %s gives no time', async (_what, answer) => {
    const { link, nowMs } = linkTo(() => Promise.resolve(answer()));
    expect(await pingMs(link, id, { nowMs, fresh }, 1000)).toBeUndefined();
  });
});
