import { describe, expect, test } from 'vitest';
import { boundsOf } from './bounds.ts';
import { message } from './messages.ts';
import { Refusal } from './answer.ts';
import {
  answererOf,
  challengeOf,
  keysOf,
  limits,
  proverKeys,
  signerOf,
  smallParameters,
  talk,
  verifierKeys,
} from './testing/both-sides.ts';
import { cheatingProver } from './testing/cheating-prover.ts';
import { hash } from './testing/plain-work.ts';
import { signed } from './transcript.ts';
import { readVerdict, signedVerdict } from './verdict.ts';
import { beginVerification, deadlineMs, dueBytes, step } from './verifier.ts';
import type { Ended, Verification } from './verifier.ts';

const ended = (state: Verification): Ended => {
  expect(state.stage).toBe('ended');
  return state as Ended;
};

describe('a challenge', () => {
  test('that is answered in time ends proved, with bounds from the verifier’s own times', async () => {
    const { state, answers } = await talk(answererOf(), { tookMs: [400, 30, 20, 3000] });
    const { outcome, proven } = ended(state);
    expect(outcome).toBe('proved');
    const times = { commitMicros: 400_000n, exchangeMicros: [30_000n, 20_000n], allowanceMicros: 0n };
    expect(proven).toEqual({ times, bounds: boundsOf(smallParameters, times) });
    expect(answers).toHaveLength(4);
  });

  test('whose samples go through rounds without an input row is proved too', async () => {
    const challenge = challengeOf({ parameters: { ...smallParameters, slabs: 1, rows: 3, columns: 1 } });
    expect(ended((await talk(answererOf(), { challenge })).state).outcome).toBe('proved');
  });

  test.each([
    [0, 'no_commitment', [1001]],
    [1, 'no_roots', [10, 101]],
    [2, 'no_roots', [10, 10, 101]],
    [3, 'no_openings', [10, 10, 10, 5001]],
  ] as const)('whose answer %i comes too late ends as %s', async (_turn, outcome, tookMs) => {
    expect(ended((await talk(answererOf(), { tookMs: [...tookMs] })).state).outcome).toBe(outcome);
  });

  test.each([
    [0, 'no_commitment', 1000],
    [1, 'no_roots', 110],
    [3, 'no_openings', 5030],
  ] as const)(
    'of which answer %i never comes ends as %s at its deadline, and not before',
    async (turns, outcome, at) => {
      const begun = await talk(answererOf(), { turns });
      const { state } = step(begun.state, { kind: 'sent', atMs: 10 * turns });
      expect(deadlineMs(state)).toBe(at);
      expect(step(state, { kind: 'tick', atMs: at }).state.stage).not.toBe('ended');
      expect(ended(step(state, { kind: 'tick', atMs: at + 1 }).state).outcome).toBe(outcome);
    },
  );

  test('whose link is lost concludes nothing', async () => {
    const { state } = await talk(answererOf(), { turns: 2 });
    const { outcome, proven } = ended(step(state, { kind: 'link_lost' }).state);
    expect({ outcome, proven }).toEqual({ outcome: 'link_lost', proven: undefined });
  });

  test('that has ended stays ended', async () => {
    const { state } = await talk(answererOf());
    for (const event of [{ kind: 'link_lost' }, { kind: 'tick', atMs: 1e9 }] as const) {
      expect(step(state, event)).toEqual({ state });
    }
  });

  test('has no deadline before it is sent and none after its end, when no more bytes are due', async () => {
    const { state } = await beginVerification(challengeOf(), limits, signerOf(verifierKeys));
    expect(deadlineMs(state)).toBeUndefined();
    expect(step(state, { kind: 'tick', atMs: 1e12 }).state).toBe(state);
    const over = (await talk(answererOf())).state;
    expect(deadlineMs(over)).toBeUndefined();
    expect(dueBytes(over)).toBe(0);
  });

  test('keeps nothing of the bytes that it was given: their buffer may be used again', async () => {
    const answerer = answererOf();
    let given = new Uint8Array();
    const reusing = {
      receive: async (bytes: Uint8Array, atMs: number) => {
        given.fill(0xee);
        given = new Uint8Array(await answerer.receive(bytes, atMs));
        return given;
      },
    };
    expect(ended((await talk(reusing)).state).outcome).toBe('proved');
  });

  test('with parameters out of range is never sent', async () => {
    const challenge = challengeOf({ parameters: { ...smallParameters, n: 1000 } });
    await expect(beginVerification(challenge, limits, signerOf(verifierKeys))).rejects.toThrow('power of two');
  });
});

describe('nothing of one challenge serves in another', () => {
  test.each([
    ['another seed', { seed: hash('another seed') }],
    ['another id', { id: hash('another id').slice(0, 16) }],
    ['another slot', { slot: hash('another slot').slice(0, 16) }],
    ['another size', { parameters: { ...smallParameters, slabs: 4 } }],
    ['more passes', { parameters: { ...smallParameters, exchanges: 3 } }],
    ['another expiry', { expiryMs: 1_800_000_000_001n }],
  ])('recorded answers do not answer %s', async (_what, changes) => {
    const { answers } = await talk(answererOf());
    const replayed = { receive: () => Promise.resolve(answers.shift()!) };
    const { outcome } = ended((await talk(replayed, { challenge: challengeOf(changes) })).state);
    expect(['malformed', 'bad_signature']).toContain(outcome);
  });

  test('a work computed under another challenge is wrong even when it is signed for this one', async () => {
    // The owner of the key signs whatever helps; the keys of the work still follow from the transcript.
    const prover = cheatingProver();
    const begin = prover.begin.bind(prover);
    prover.begin = (device, work) => begin(device, { ...work, key: work.key.map((word) => word ^ 1) });
    expect(ended((await talk(answererOf(prover))).state).outcome).toBe('wrong_entry');
  });

  test('precomputed passes are wrong, for their key needs the nonce', async () => {
    const prover = cheatingProver({ passKey: () => new Uint32Array(8) });
    expect(ended((await talk(answererOf(prover))).state).outcome).toBe('digest_not_committed');
  });

  test('another machine’s signature is refused', async () => {
    const stranger = keysOf('stranger');
    const answerer = answererOf(cheatingProver(), { sign: signerOf(stranger) });
    expect(ended((await talk(answerer)).state).outcome).toBe('bad_signature');
  });

  test('a query is drawn after the last root: an answer ground for one draw meets another', async () => {
    const first = await talk(answererOf());
    const second = await talk(answererOf(), { turns: 3 });
    const other = step(second.state, { kind: 'sent', atMs: 0 }).state;
    // Same commitment, same roots, and the query that this verifier sent is another: these openings were for the first.
    const roots = second.answers[2]!;
    expect(Buffer.compare(roots, first.answers[2]!)).toBe(0);
    const before = await talk(answererOf(), { turns: 2 });
    const sent = step(before.state, { kind: 'sent', atMs: 0 }).state;
    const drawn = step(sent, { kind: 'received', bytes: roots, atMs: 1, fresh: hash('another draw') });
    const asked = step(drawn.state, { kind: 'sent', atMs: 1 }).state;
    const { state } = step(asked, { kind: 'received', bytes: first.answers[3]!, atMs: 2, fresh: hash('') });
    expect(['malformed', 'bad_signature']).toContain(ended(state).outcome);
    expect(other.stage).toBe('openings');
  });
});

describe('a message that the prover has signed is still refused', () => {
  /** As the prover would send it after `turns` answers, with its body changed. */
  async function changedAnswer(turns: number, change: (unsigned: Uint8Array) => void): Promise<Verification> {
    const { state, said } = await talk(answererOf(), { turns });
    const all = await talk(answererOf(), { turns: turns + 1 });
    const unsigned = all.answers[turns]!.slice(0, -64);
    change(unsigned);
    const { message } = await signed(unsigned, state.transcript, signerOf(proverKeys));
    const sent = step(state, { kind: 'sent', atMs: 0 }).state;
    expect(said).toHaveLength(turns);
    return step(sent, { kind: 'received', bytes: message, atMs: 1, fresh: hash('') }).state;
  }

  test('unchanged it is taken', async () => {
    expect((await changedAnswer(1, () => undefined)).stage).toBe('roots');
  });

  test.each([0, 1, 2, 3])('when another byte stands in the signature of answer %i', async (turns) => {
    const { state } = await talk(answererOf(), { turns });
    const { answers } = await talk(answererOf(), { turns: turns + 1 });
    const bytes = answers[turns]!.map((byte, n, { length }) => (n === length - 64 ? byte ^ 1 : byte));
    const sent = step(state, { kind: 'sent', atMs: 0 }).state;
    const after = step(sent, { kind: 'received', bytes, atMs: 1, fresh: hash('') }).state;
    expect(ended(after).outcome).toBe('bad_signature');
  });

  test('when it names another challenge', async () => {
    expect(ended(await changedAnswer(0, (bytes) => void (bytes[4]! ^= 1))).outcome).toBe('malformed');
  });

  test('when it names another exchange', async () => {
    expect(ended(await changedAnswer(1, (bytes) => void (bytes[20]! ^= 1))).outcome).toBe('malformed');
  });

  test('when it comes before what it answers was sent', async () => {
    const { state } = await talk(answererOf(), { turns: 1 });
    const { answers } = await talk(answererOf(), { turns: 2 });
    const early = step(state, { kind: 'received', bytes: answers[1]!, atMs: 1, fresh: hash('') }).state;
    expect(ended(early).outcome).toBe('malformed');
  });
});

describe('the prover’s side', () => {
  const challengeBytes = async (challenge = challengeOf(), signer = verifierKeys) =>
    (await beginVerification(challenge, limits, signerOf(signer))).send!;
  const now = 1_700_000_000_000;

  test.each([
    ['expired', challengeOf({ expiryMs: BigInt(now) - 1n }), {}],
    ['not_ours', challengeOf({ proverKey: keysOf('another').publicKey }), {}],
    ['not_ours', challengeOf({ slot: hash('another').slice(0, 16) }), {}],
    ['not_ours', challengeOf(), { isVerifier: () => false }],
    ['too_large', challengeOf(), { memoryBytesMax: 3 * 256 * 256 - 1 }],
  ] as const)('refuses as %s what it must not do', async (reason, challenge, options) => {
    const answerer = answererOf(cheatingProver(), options);
    await expect(answerer.receive(await challengeBytes(challenge), now)).rejects.toEqual(new Refusal(reason));
  });

  test('refuses a challenge that its verifier has not signed', async () => {
    const bytes = await challengeBytes(challengeOf(), proverKeys);
    await expect(answererOf().receive(bytes, now)).rejects.toThrow('bad_signature');
  });

  test('holds one challenge a device: a second one at once is told busy, and the first goes on', async () => {
    const answerer = answererOf();
    const { state } = await talk(
      {
        receive: async (bytes, atMs) => {
          const answer = answerer.receive(bytes, atMs);
          await expect(
            answerer.receive(await challengeBytes(challengeOf({ seed: hash('second') })), now),
          ).rejects.toThrow('busy');
          return answer;
        },
      },
      {},
    );
    expect(ended(state).outcome).toBe('proved');
  });

  test('answers another challenge when one has ended, and after one that was broken off by nonsense', async () => {
    const answerer = answererOf();
    expect(ended((await talk(answerer)).state).outcome).toBe('proved');
    await talk(answerer, { turns: 2 });
    await expect(answerer.receive(hash('nonsense'), now)).rejects.toThrow('malformed');
    expect(ended((await talk(answerer)).state).outcome).toBe('proved');
  });

  test.each(['commitment', 'roots'])(
    'lets go of a challenge whose verifier is gone after its %s, once it has expired',
    async (after) => {
      const freed: number[] = [];
      const prover = cheatingProver();
      const begin = prover.begin.bind(prover);
      prover.begin = async (...args) => ({
        ...(await begin(...args)),
        close: () => Promise.resolve(void freed.push(1)),
      });
      const challenge = challengeOf();
      const answerer = answererOf(prover);
      await talk(answerer, { turns: after === 'commitment' ? 1 : 2 });
      await answerer.lapse(Number(challenge.expiryMs));
      expect(freed).toHaveLength(0);
      await answerer.lapse(Number(challenge.expiryMs) + 1);
      expect(freed).toHaveLength(1);
      expect(ended((await talk(answerer)).state).outcome).toBe('proved');
    },
  );

  test('an expired challenge goes no further, and gives way to another one', async () => {
    const answerer = answererOf();
    const { said } = await talk(answererOf(), { turns: 2 });
    await answerer.receive(said[0]!, now);
    await expect(answerer.receive(said[1]!, Number(challengeOf().expiryMs) + 1)).rejects.toThrow('expired');
    await answerer.receive(said[0]!, now);
    const later = challengeOf({ expiryMs: challengeOf().expiryMs * 2n });
    await answerer.receive(await challengeBytes(later), Number(challengeOf().expiryMs) + 1);
  });

  test('a prover that restarts in the middle has nothing to answer with', async () => {
    const { state, said } = await talk(answererOf(), { turns: 2 });
    expect(state.stage).toBe('roots');
    await expect(answererOf().receive(said[1]!, now)).rejects.toThrow('malformed');
  });

  test('says no more once it is closed', async () => {
    const answerer = answererOf();
    await answerer.close();
    await expect(answerer.receive(await challengeBytes(), now)).rejects.toThrow('closed');
  });
});

describe('a verdict', () => {
  test('is signed, and says what was proven', async () => {
    const state = ended((await talk(answererOf())).state);
    const bytes = await signedVerdict(state, signerOf(verifierKeys));
    expect(readVerdict(bytes, state)).toEqual({ outcome: 'proved', proven: state.proven });
  });

  test('about a failure says why, and nothing else', async () => {
    const state = ended((await talk(answererOf(), { tookMs: [2000] })).state);
    const bytes = await signedVerdict(state, signerOf(verifierKeys));
    expect(readVerdict(bytes, state)).toEqual({ outcome: 'no_commitment' });
  });

  test('that its verifier signed is still none of another kind, text, outcome or length', async () => {
    const state = ended((await talk(answererOf())).state);
    const { challenge, transcript } = state;
    const sign = signerOf(verifierKeys);
    const numbers = (code: number, bytes = 4 + 8 * 7): Uint8Array => {
      const body = new Uint8Array(bytes);
      new DataView(body.buffer).setUint32(0, code, true);
      return body;
    };
    const read = async (unsigned: Uint8Array) => readVerdict((await signed(unsigned, transcript, sign)).message, state);
    expect(await read(message('verdict', challenge.id, transcript, numbers(10)))).toEqual({ outcome: 'link_lost' });
    expect(await read(message('query', challenge.id, transcript, numbers(10)))).toBeUndefined();
    expect(await read(message('verdict', hash('').slice(16), transcript, numbers(10)))).toBeUndefined();
    expect(await read(message('verdict', challenge.id, hash('another'), numbers(10)))).toBeUndefined();
    expect(await read(message('verdict', challenge.id, transcript, numbers(11)))).toBeUndefined();
    expect(await read(message('verdict', challenge.id, transcript, numbers(10, 4 + 8 * 8)))).toBeUndefined();
    expect(await read(message('verdict', challenge.id, transcript, numbers(10, 4 + 8 * 6)))).toBeUndefined();
  });

  test('is nobody else’s, of no other transcript, and not a byte different', async () => {
    const state = ended((await talk(answererOf())).state);
    expect(readVerdict(await signedVerdict(state, signerOf(proverKeys)), state)).toBeUndefined();
    const bytes = await signedVerdict(state, signerOf(verifierKeys));
    expect(readVerdict(bytes, { ...state, transcript: hash('another') })).toBeUndefined();
    for (const at of [0, 30, 60, 100, bytes.length - 1]) {
      expect(
        readVerdict(
          bytes.map((byte, n) => (n === at ? byte ^ 1 : byte)),
          state,
        ),
      ).toBeUndefined();
    }
  });
});
