import { describe, expect, test } from 'vitest';
import { engineAnswering } from './testing/answering-engine.ts';
import { statusOf } from './client.ts';
import { inspectContainer } from './inspect-container.ts';

type Answer = { status: number; body: object };

/** What podman 4.3.1 answers where the container's process ends while it looks. */
const podmanMissedIt: Answer = {
  status: 500,
  body: { cause: 'no such process', message: 'read /proc/26299/cgroup: no such process', response: 500 },
};

/** These answers one after the other, then the last again and again. */
async function answering(answers: Answer[]) {
  const asked: string[] = [];
  const { docker } = await engineAnswering((request, response) => {
    const { status, body } = answers[Math.min(asked.push(request.url ?? ''), answers.length) - 1] ?? podmanMissedIt;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return { docker, asked };
}

describe('looking at a container', () => {
  test('whose process ends just then, is done again', async () => {
    const { docker } = await answering([podmanMissedIt, podmanMissedIt, { status: 200, body: { Id: 'abc' } }]);
    expect((await inspectContainer(docker, 'abc')).Id).toBe('abc');
  });

  test('is not done again for any other refusal', async () => {
    const { docker, asked } = await answering([{ status: 500, body: { message: 'database is locked' } }]);
    expect(statusOf(await inspectContainer(docker, 'abc').catch((error: unknown) => error))).toBe(500);
    expect(asked).toHaveLength(1);
  });

  test('has an end, however often the engine says so', async () => {
    const { docker } = await answering([podmanMissedIt]);
    expect(statusOf(await inspectContainer(docker, 'abc').catch((error: unknown) => error))).toBe(500);
  });
});
