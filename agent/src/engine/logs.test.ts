import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LogLine } from '@gpucoop/protocol/resources.ts';
import { describeNeeding } from '../../../test/support/needs.ts';
import { logLines, never, openTestBed, shell, until } from './test-bed.ts';
import type { TestBed } from './test-bed.ts';

describeNeeding(['docker'], 'logs of the docker engine', () => stableLogs('docker'));
describeNeeding(['podman'], 'logs of the podman engine', () => stableLogs('podman'));
describe('logs of the process engine', () => stableLogs('process'));

function stableLogs(kind: 'docker' | 'podman' | 'process'): void {
  let bed: TestBed;
  beforeAll(async () => {
    bed = await openTestBed(kind);
  });
  afterEach(async () => {
    for (const { container_id: id } of await bed.engine.list()) await bed.engine.remove(id);
  });
  afterAll(() => bed.close());

  const finished = async (script: string) => {
    const id = await bed.run(shell(script));
    await bed.engine.wait(id, never());
    return id;
  };

  test('a reader may stop after any line and resume exactly, also with an agent that was started again', async () => {
    const id = await finished(
      'i=0; while [ $i -lt 150 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; printf end',
    );
    const whole = await logLines(bed.engine, id);
    expect(whole).toHaveLength(301);
    expect(whole.filter(({ stream }) => stream === 'stderr').map((line) => line.text)).toEqual(
      Array.from({ length: 150 }, (_, i) => `err ${i}\n`),
    );
    expectRising(whole);
    const again = await bed.reopen();
    for (const cut of [0, 1, 77, 150, 299, 300]) {
      expect(await logLines(again, id, { after: (whole[cut] as LogLine).seq })).toEqual(whole.slice(cut + 1));
    }
    expect(await logLines(again, id, { tail: 10 })).toEqual(whole.slice(-10));
    expect(await logLines(again, id, { tail: 0 })).toEqual([]);
    expect(await logLines(again, id, { tail: 5, follow: true })).toEqual(whole.slice(-5));
    expect(await logLines(again, id, { tail: 500, after: (whole[290] as LogLine).seq })).toEqual(whole.slice(291));
  });

  test('a follower sees lines as they come and ends with the workload', async () => {
    const id = await bed.run(shell('echo first; while [ ! -e go ]; do sleep 0.05; done; echo last'));
    const seen: LogLine[] = [];
    const following = (async () => {
      for await (const line of bed.engine.logs(id, { after: null, tail: null, follow: true }, never())) seen.push(line);
    })();
    await until('the first line is seen while it runs', () => seen.length === 1);
    const session = await bed.engine.exec(id, {
      command: ['touch', 'go'],
      tty: false,
      columns: null,
      rows: null,
      env: {},
      user: null,
    });
    session.stdout.resume();
    await session.exit;
    await following;
    expect(seen.map((line) => line.text)).toEqual(['first\n', 'last\n']);
    expect(await logLines(bed.engine, id)).toEqual(seen);
  });

  test('a follower that was there before the start sees everything', async () => {
    const { containerId } = await bed.engine.prepare(bed.order(shell('echo one; echo two')), () => undefined, never());
    const following = logLines(bed.engine, containerId, { follow: true });
    await bed.engine.start(containerId);
    expect((await following).map((line) => line.text)).toEqual(['one\n', 'two\n']);
  });

  test('a follower that is told to stop, stops', async () => {
    const id = await bed.run(shell('echo up; while :; do sleep 1; done'));
    const aborter = new AbortController();
    const lines: string[] = [];
    for await (const line of bed.engine.logs(id, { after: null, tail: null, follow: true }, aborter.signal)) {
      lines.push(line.text);
      aborter.abort();
    }
    expect(lines).toEqual(['up\n']);
  });

  test('a line of a megabyte comes in pieces that make it whole', async () => {
    const id = await finished('head -c 1048576 /dev/zero | tr "\\0" x; echo; echo after');
    const lines = await logLines(bed.engine, id);
    const text = lines.map((line) => line.text).join('');
    expect(text === `${'x'.repeat(1_048_576)}\nafter\n`).toBe(true);
    expect(lines.length).toBeGreaterThan(10);
    expectRising(lines);
    const middle = lines[20] as LogLine;
    expect(await logLines(bed.engine, id, { after: middle.seq })).toEqual(lines.slice(21));
  });

  test('characters survive being cut between pieces', async () => {
    const id = await finished('printf a; i=0; while [ $i -lt 2000 ]; do printf "€€€€€€€€€€"; i=$((i+1)); done');
    const text = (await logLines(bed.engine, id)).map((line) => line.text).join('');
    expect(text === `a${'€'.repeat(20_000)}`).toBe(true);
  });

  test('bytes that are no text harm nothing', async () => {
    const id = await finished('head -c 100000 /dev/urandom; echo; echo after');
    const lines = await logLines(bed.engine, id);
    expect(lines.at(-1)?.text).toBe('after\n');
    expectRising(lines);
    expect(await logLines(bed.engine, id)).toEqual(lines);
  });

  test('a flood of 100 MB stays bounded, its end is kept, and numbers still resume', async () => {
    const id = await finished(
      'yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -c 100000000; echo; echo end',
    );
    const lines = await logLines(bed.engine, id);
    expectRising(lines);
    const bytes = lines.reduce((sum, line) => sum + line.text.length, 0);
    // podman begins a new file without keeping the old one.
    expect(bytes).toBeGreaterThan(kind === 'podman' ? 0 : 5_000_000);
    expect(bytes).toBeLessThan(21 * 1024 * 1024);
    expect(lines.at(-1)?.text).toBe('end\n');
    const middle = Math.floor(lines.length / 2);
    const rest = await logLines(bed.engine, id, { after: (lines[middle] as LogLine).seq });
    expect(rest.length).toBe(lines.length - middle - 1);
    expect(rest[0]).toEqual(lines[middle + 1]);
  }, 120_000);
}

function expectRising(lines: LogLine[]): void {
  // Not one expectation a line: there may be half a million.
  expect(lines.findIndex((line, index) => index > 0 && line.seq <= (lines[index - 1] as LogLine).seq)).toBe(-1);
}
