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
  let said = new Uint8Array();
  const link: Link = {
    send: (bytes) => {
      said = new Uint8Array(bytes);
      nowMs += sendingMs;
      return Promise.resolve();
    },
    receive: async (bytesMost, deadlineMs) => {
      most.push(bytesMost);
      const bytes = await answer(said, turn++);
      nowMs = bytes === 'late' ? deadlineMs + 1 : nowMs + tickMs;
      return typeof bytes === 'string' ? bytes : { bytes, atMs: nowMs };
    },
  };
  return { link, most, nowMs: () => nowMs };
}

const fresh = (): Uint8Array => hash('fresh');
const sign = signerOf(verifierKeys);

describe('a conversation', () => {
  test('is carried to its end, and says how much each answer may hold', async () => {
    const answerer = answererOf();
    const answers: Uint8Array[] = [];
    const { link, most, nowMs } = linkTo(async (bytes) => {
      answers.push(await answerer.receive(bytes, 0));
      return answers.at(-1)!;
    });
    const stages: string[] = [];
    const stage = (name: string): void => void stages.push(name);
    const ended = await converse(link, challengeOf(), limits, { sign, nowMs, fresh, stage });
    expect(ended.outcome).toBe('proved');
    // The time of sending counts: what is measured is never less than what passed.
    expect(ended.proven?.times).toMatchObject({ commitMicros: 11_000n, exchangeMicros: [11_000n, 11_000n] });
    expect(most).toEqual(answers.map(({ length }) => length + 1));
    expect(stages).toEqual(['commitment', 'roots', 'roots', 'openings', 'ended']);
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

describe('a ping', () => {
  const id = challengeOf().id;

  test('takes what the way takes, without the sending', async () => {
    const { link, nowMs } = linkTo((bytes) => answererOf().receive(bytes, 0), 7);
    expect(await pingMs(link, id, { nowMs, fresh }, 1000)).toBe(7);
  });

  test.each([
    ['late', () => 'late' as const],
    ['another answer', () => message('pong', id, hash('another'))],
    ['another length', () => new Uint8Array(lengths.pong() + 1)],
  ])('with %s gives no time', async (_what, answer) => {
    const { link, nowMs } = linkTo(() => Promise.resolve(answer()));
    expect(await pingMs(link, id, { nowMs, fresh }, 1000)).toBeUndefined();
  });
});
