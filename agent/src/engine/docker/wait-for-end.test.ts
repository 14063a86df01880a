import { describe, expect, test } from 'vitest';
import { never } from '../test-bed.ts';
import { engineAnswering } from './testing/answering-engine.ts';
import { readLogs } from './logs.ts';
import type { ContainerState } from '../engine.ts';
import { waitForEnd } from './wait-for-end.ts';

const CREATED_AT = '2026-11-26T08:00:00.000000000Z';

/** One line of standard output, as the engine frames it. */
function frame(second: number, text: string): Buffer {
  const payload = Buffer.from(`2026-11-26T08:00:0${second}.000000000Z ${text}\n`);
  const header = Buffer.alloc(8);
  header[0] = 1;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

describe('an engine that never says that a container has ended', () => {
  test('a follower finds out, and reads what it was not sent', async () => {
    let state = 'running';
    const { socketPath } = await engineAnswering((request, response) => {
      response.writeHead(200).write(frame(1, 'one'));
      if (request.url?.includes('follow=1')) state = 'ended';
      else response.end(frame(2, 'two'));
    });
    const now = () => ({ state, running: state === 'running' }) as ContainerState;
    const source = {
      socketPath,
      containerId: 'abc',
      createdAt: CREATED_AT,
      losesLineEnds: false,
      first: now(),
      state: () => Promise.resolve(now()),
    };
    const texts: string[] = [];
    for await (const line of readLogs(source, { after: null, tail: null, follow: true }, never()))
      texts.push(line.text);
    expect(texts).toEqual(['one\n', 'two\n']);
  });

  test('whoever waits is told to look, and whoever gives up is told so', async () => {
    const { docker } = await engineAnswering(() => undefined);
    await waitForEnd(docker, 'abc', never());
    await expect(waitForEnd(docker, 'abc', AbortSignal.abort(new Error('enough')))).rejects.toThrow();
  });
});
