import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterEach, describe, expect, test } from 'vitest';
import { statusOf } from './client.ts';
import { inspectContainer } from './inspect-container.ts';

/** What podman 4.3.1 answers where the container's process ends while it looks. */
const podmanMissedIt = {
  status: 500,
  body: {
    cause: 'no such process',
    message: 'read /proc/26299/cgroup: no such process',
    response: 500,
  },
};

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** An engine that gives these answers one after the other, then the last again and again. */
async function engineAnswering(answers: { status: number; body: object }[]) {
  const dir = mkdtempSync(join(tmpdir(), 'coop-inspect-'));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { status, body } = answers[Math.min(asked.push(request.url ?? ''), answers.length) - 1] ?? podmanMissedIt;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const socketPath = join(dir, 'engine.sock');
  await once(server.listen(socketPath), 'listening');
  closers.push(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });
  return { docker: new Docker({ socketPath }), asked };
}

describe('looking at a container', () => {
  test('whose process ends just then, is done again', async () => {
    const { docker } = await engineAnswering([podmanMissedIt, podmanMissedIt, { status: 200, body: { Id: 'abc' } }]);
    expect((await inspectContainer(docker, 'abc')).Id).toBe('abc');
  });

  test('is not done again for any other refusal', async () => {
    const { docker, asked } = await engineAnswering([{ status: 500, body: { message: 'database is locked' } }]);
    expect(statusOf(await inspectContainer(docker, 'abc').catch((error: unknown) => error))).toBe(500);
    expect(asked).toHaveLength(1);
  });

  test('has an end, however often the engine says so', async () => {
    const { docker } = await engineAnswering([podmanMissedIt]);
    expect(statusOf(await inspectContainer(docker, 'abc').catch((error: unknown) => error))).toBe(500);
  });
});
