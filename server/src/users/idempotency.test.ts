import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { forEachDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { createIdempotency, type Claim, type KeyedRequest } from './idempotency.ts';

const request: KeyedRequest = {
  userId: 'usr_1',
  key: 'k1',
  content: ['POST', '/v1/runs', new Uint8Array([1, 2])],
  sealed: false,
};

function setup({ db }: TestDatabase, limits: { waitMs?: number; takeOverMs?: number } = {}) {
  let now = new Date('2026-01-01T00:00:00.000Z');
  const secret = randomBytes(32);
  return {
    idempotency: createIdempotency({ db, clock: { now: () => now }, secret, waitMs: 5000, ...limits }),
    skip: (ms: number) => void (now = new Date(now.getTime() + ms)),
  };
}

const executing = (claim: Claim) => {
  if (claim.kind !== 'execute') throw new Error(`was ${claim.kind}`);
  return claim;
};

forEachDatabase('idempotency', (open) => {
  test('of ten at once one carries it out, and all have its answer', async () => {
    const { idempotency } = setup(await open());
    let executed = 0;
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const claim = await idempotency.claim(request);
        if (claim.kind === 'answered') return claim.answer;
        executed += 1;
        const answer = { status: 201, body: { id: `run_${executed}` } };
        await claim.keep(answer);
        return answer;
      }),
    );
    expect(executed).toBe(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"status":201,"body":{"id":"run_1"}}']),
    );
  });

  test('another request under the same key is refused, another key or user is not', async () => {
    const { idempotency } = setup(await open());
    await executing(await idempotency.claim(request)).keep({ status: 201, body: null });
    await expect(
      idempotency.claim({ ...request, content: ['POST', '/v1/runs', new Uint8Array([1, 3])] }),
    ).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    // The parts are told apart: moving a byte from one to the next is another request.
    await expect(
      idempotency.claim({ ...request, content: ['POST', '/v1/run', 's', new Uint8Array([1, 2])] }),
    ).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect((await idempotency.claim({ ...request, userId: 'usr_2' })).kind).toBe('execute');
    expect((await idempotency.claim({ ...request, key: 'k2' })).kind).toBe('execute');
  });

  test('after an error the same request is carried out again, also by one who waits', async () => {
    const { idempotency } = setup(await open());
    const first = executing(await idempotency.claim(request));
    const waiting = idempotency.claim(request);
    await first.abandon();
    await executing(await waiting).keep({ status: 200, body: 1 });
    expect(await idempotency.claim(request)).toEqual({ kind: 'answered', answer: { status: 200, body: 1 } });
  });

  test('who waits too long hears that it is in progress', async () => {
    const { idempotency } = setup(await open(), { waitMs: 50 });
    await idempotency.claim(request);
    await expect(idempotency.claim(request)).rejects.toMatchObject({ code: 'in_progress' });
  });

  test('a claim of a server that died is taken over by one, and its late answer changes nothing', async () => {
    const { idempotency, skip } = setup(await open(), { waitMs: 50, takeOverMs: 60_000 });
    const dead = executing(await idempotency.claim(request));
    skip(60_001);
    const claims = await Promise.allSettled([idempotency.claim(request), idempotency.claim(request)]);
    const taken = claims.filter((claim) => claim.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    await dead.abandon();
    await executing(taken[0]!.value).keep({ status: 201, body: 'in time' });
    await dead.keep({ status: 201, body: 'late' });
    expect(await idempotency.claim(request)).toMatchObject({ answer: { body: 'in time' } });
  });

  test('answers are kept for a day', async () => {
    const { idempotency, skip } = setup(await open());
    await executing(await idempotency.claim(request)).keep({ status: 201, body: null });
    skip(86_399_000);
    await idempotency.sweep();
    expect((await idempotency.claim(request)).kind).toBe('answered');
    skip(2000);
    await idempotency.sweep();
    expect((await idempotency.claim(request)).kind).toBe('execute');
  });

  test('nothing of a request or of a sealed answer can be read in the database', async () => {
    const database = await open();
    const { idempotency } = setup(database);
    const sealed = { ...request, content: ['hunter2'], sealed: true };
    await executing(await idempotency.claim(sealed)).keep({ status: 201, body: { secret: 'hunter3' } });
    const rows = await database.db.selectFrom('idempotency').selectAll().execute();
    expect(JSON.stringify(rows)).not.toMatch(/hunter/);
    expect(await idempotency.claim(sealed)).toEqual({
      kind: 'answered',
      answer: { status: 201, body: { secret: 'hunter3' } },
    });
    // Under another secret of the server the same request has another hash: the hash of a guessed body proves nothing.
    const { idempotency: other } = setup(database);
    await expect(other.claim(sealed)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });
});
