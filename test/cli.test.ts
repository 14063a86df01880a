import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from './support/network.ts';
import { describeNeeding } from './support/needs.ts';

const bin = fileURLToPath(new URL('../cli/bin/coop.mjs', import.meta.url));

type Said = { code: number | null; out: string; err: string };
type Options = {
  input?: string;
  home: string;
  onOut?: (text: string, interrupt: () => void) => void;
  env?: Record<string, string>;
};

/** Runs `coop` as a person without a terminal would. */
async function coop(args: string[], { input, home, onOut, env }: Options): Promise<Said> {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, COOP_HOME: home, COOP_SERVER: '', COOP_API_KEY: '', NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // An input that is not read to its end (the command has ended) is no failure here.
  child.stdin.on('error', () => {}).end(input ?? '');
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString('utf8');
    onOut?.(seen, () => child.kill('SIGINT'));
  });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ]);
  return { code, out, err };
}

const jsonLines = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The first ten minutes, typed. */
function story(engine: 'docker' | 'process'): void {
  let home: string;
  const type = (args: string[], options: Omit<Options, 'home'> = {}): Promise<Said> => coop(args, { ...options, home });
  const up = (...more: string[]): Promise<Said> => type(['up', '--detach', '--port', '0', '--engine', engine, ...more]);
  /** What it said on stdout, when it went well. */
  const done = async (args: string[], options: Omit<Options, 'home'> = {}): Promise<string> => {
    const said = await type(args, options);
    if (said.code !== 0) throw new Error(`coop ${args.join(' ')} ended with ${said.code}: ${said.err}`);
    return said.out;
  };
  const small = ['--memory', '128MB', '--disk', '1GB', '--max-duration', '10m'];

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), `coop-cli-${engine}-`));
    const begun = await up();
    expect(begun, begun.err).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await type(['down']);
    const gone = await type(['agent', 'uninstall', '--force', '--state', join(home, 'agent')]);
    await rm(home, { recursive: true, force: true });
    expect(gone, gone.err).toMatchObject({ code: 0 });
  });

  test('coop up gives test credit once, one machine and its offer, and keeps secrets to the user', async () => {
    const offers = JSON.parse((await type(['offers', '--json'])).out) as { isolation: string; availability: string }[];
    expect(offers).toHaveLength(1);
    expect(offers[0]).toMatchObject({ availability: 'free', isolation: engine === 'docker' ? 'container' : 'none' });
    const balance = JSON.parse((await type(['balance', '--json'])).out) as Record<string, { usd: string }>;
    expect(balance['available']?.usd).toBe('10.00');
    const again = await type(['up', '--port', '0']);
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/coop up runs already for this home: http:\/\/127\.0\.0\.1:\d+, process \d+/);
  });

  test('a run prints what the command prints, and nothing else, on stdout', async () => {
    const said = await type(['run', '-y', ...small, '--', 'sh', '-c', 'echo hello; echo oops >&2']);
    expect(said).toMatchObject({ code: 0, out: 'hello\n' });
    expect(said.err).toContain('oops\n');
    expect(said.err).toContain('PER HOUR');
    expect(said.err).toContain('ended  The command finished.');
  });

  test("the exit code is the command's own, and 127 when there is no such command", async () => {
    expect(await type(['run', '-y', ...small, '--', 'sh', '-c', 'exit 42'])).toMatchObject({ code: 42 });
    expect(await type(['run', '-y', ...small, '--', 'no-such-command'])).toMatchObject({ code: 127 });
  });

  test('as JSON every line is an object, the quote first and the result last', async () => {
    const said = await type(['run', '-y', '--json', ...small, '--', 'echo', 'x']);
    const lines = jsonLines(said.out);
    expect(lines[0]).toMatchObject({ type: 'quote' });
    expect(lines.at(-1)).toMatchObject({ type: 'result', run: { state: 'ended', exit_code: 0 } });
    expect(lines).toContainEqual(
      expect.objectContaining({ type: 'log', line: expect.objectContaining({ text: 'x\n' }) }),
    );
  });

  test('nothing is ordered by a dry run, nor without an answer', async () => {
    const before = (await type(['ps', '-aq'])).out;
    expect(await type(['run', '--dry-run', ...small, '--', 'true'])).toMatchObject({ code: 0 });
    const asked = await type(['run', ...small, '--', 'true']);
    expect(asked.code).toBe(125);
    expect(asked.err).toContain('Answer it with --yes.');
    expect((await type(['ps', '-aq'])).out).toBe(before);
  });

  test('no match is explained, to people and to programs', async () => {
    const said = await type(['run', '-y', '--gpu', 'H100:8', '--', 'true']);
    expect(said.code).toBe(125);
    expect(said.err).toContain('No machine on the market has a GPU');
    const tooLarge = await type(['run', '-y', '--cpu', '900', '--', 'true']);
    expect(tooLarge.code).toBe(125);
    expect(tooLarge.err).toContain('No match among 1 offer');
    expect(tooLarge.err).toContain('FAILED ON');
    const json = await type(['run', '-y', '--json', '--gpu', 'H100:8', '--', 'true']);
    expect(JSON.parse(json.err)).toMatchObject({ code: 'no_match', status: 409 });
  });

  test('a spec file is run, flags win over it, and its errors name line and key', async () => {
    const file = join(home, 'spec.yml');
    await writeFile(
      file,
      'type: task\nname: from-file\ncommands:\n  - echo $WHO\nenv:\n  WHO: file\nresources:\n  memory: 128MB\n  disk: 1GB\n',
    );
    expect(await type(['apply', '-y', '-f', file])).toMatchObject({ code: 0, out: 'file\n' });
    expect(await type(['apply', '-y', '-f', file, '--env', 'WHO=flag'])).toMatchObject({ code: 0, out: 'flag\n' });
    await writeFile(file, 'type: task\nimag: x\n');
    expect((await type(['apply', '-y', '-f', file])).err).toContain('spec.yml, line 2, column 1');
  });

  test('a secret comes from stdin, and stands in no spec', async () => {
    const said = await type(
      ['run', '-y', '--json', '--secret', 'TOKEN=-', ...small, '--', 'sh', '-c', 'echo "<$TOKEN>"'],
      { input: 'hush-1\n' },
    );
    expect(said.out).toContain('<hush-1>');
    const withoutLogs = jsonLines(said.out).filter((line) => line['type'] !== 'log');
    expect(JSON.stringify(withoutLogs)).not.toContain('hush-1');
    expect((await type(['run', '-y', '--secret', 'TOKEN=x', '--', 'true'])).err).toContain('seen by everybody');
  });

  test('without a terminal Ctrl-C stops the run, and says so with 130', async () => {
    const said = await type(
      ['run', '-y', '--name', 'endless', ...small, '--', 'sh', '-c', 'while true; do echo tick; sleep 1; done'],
      {
        onOut: (seen, interrupt) => seen.includes('tick') && interrupt(),
      },
    );
    expect(said).toMatchObject({ code: 130 });
    const [run] = JSON.parse((await type(['ps', '-a', '--json'])).out) as { name: string; end_reason: string }[];
    expect(run).toMatchObject({ name: 'endless', end_reason: 'stopped_by_renter' });
  });

  test('a detached run is listed, read, entered, copied to and from, extended and stopped', async () => {
    const id = (
      await type([
        'run',
        '-y',
        '-d',
        '--name',
        'work',
        ...small,
        '--',
        'sh',
        '-c',
        'echo begun; while true; do sleep 1; done',
      ])
    ).out.trim();
    expect(await type(['events', '--json', id])).toMatchObject({ code: 0 });
    await untilRunning('work');
    expect((await type(['logs', '--tail', '1', id.slice(0, 12)])).out).toBe('begun\n');

    expect(await type(['exec', 'work', '--', 'sh', '-c', 'echo in; exit 7'])).toMatchObject({ code: 7, out: 'in\n' });
    expect(await type(['exec', '-i', 'work', '--', 'cat'], { input: 'through\n' })).toMatchObject({
      code: 0,
      out: 'through\n',
    });

    const source = join(home, 'source');
    await mkdir(join(source, 'deep'), { recursive: true });
    await writeFile(join(source, 'deep', 'file'), 'content');
    await writeFile(join(source, 'empty'), '');
    // A plain process has no file system of its own: there paths are those of its directory.
    const there = engine === 'docker' ? '/tmp/copied' : 'copied';
    await done(['cp', source, `work:${there}`]);
    await done(['cp', `work:${there}`, join(home, 'back')]);
    expect(await readFile(join(home, 'back', 'deep', 'file'), 'utf8')).toBe('content');
    expect(await readFile(join(home, 'back', 'empty'), 'utf8')).toBe('');

    const extended = await type(['extend', 'work', '--duration', '1h', '--budget', '0.5', '--json']);
    expect(JSON.parse(extended.out)).toMatchObject({ name: 'work' });
    expect((await type(['stats', 'work'])).out).toContain('memory');
    expect((await type(['stop', 'work'])).out).toContain('You stopped it.');
    expect((await type(['ps', '-q'])).out).toBe('');
  });

  test('a port of the run is reached from here, and the relay ends with the run', async () => {
    // Plain processes share the ports of this machine.
    const at = String(engine === 'docker' ? 8080 : await freePort());
    const serve =
      engine === 'docker' ? ['nc', '-ll', '-p', at, '-e', 'echo', 'served'] : [process.execPath, '-e', server, at];
    await type(['run', '-y', '-d', '--name', 'web', '--port', at, '--ready', `tcp:${at}`, ...small, '--', ...serve]);
    await untilRunning('web');
    let answer: Promise<string> | undefined;
    const relay = await type(['port', 'web', `0:${at}`, '--json'], {
      onOut: (seen) => {
        if (answer !== undefined || !seen.includes('\n')) return;
        const { local } = JSON.parse(seen.split('\n')[0]!) as { local: number };
        answer = text(connect(local, '127.0.0.1')).finally(() => type(['stop', 'web']));
      },
    });
    expect(await answer, relay.err).toBe('served\n');
    expect(relay).toMatchObject({ code: 0 });
  });

  test('the ledger holds every transfer, and what was spent is what it says', async () => {
    const lines = JSON.parse((await type(['ledger', '--json', '--limit', '500'])).out) as {
      kind: string;
      account: string;
      amount: { micros: number };
    }[];
    const moved = lines.filter(
      (line) => line.account === 'spending' && (line.kind === 'transfer' || line.kind === 'post'),
    );
    const sum = moved.reduce((total, line) => total + line.amount.micros, 0);
    const balance = JSON.parse((await type(['balance', '--json'])).out) as Record<string, { micros: number }>;
    // Renter and provider are one user here: what was earned can be spent again.
    expect(balance['held']?.micros).toBe(0);
    expect(sum).toBe(10_000_000 - balance['spent']!.micros);
    expect((await type(['admin', 'inspect'])).code).toBe(0);
  });

  test('a run outlives coop down, and coop up finds it again', async () => {
    await type(['run', '-y', '-d', '--name', 'survivor', ...small, '--', 'sh', '-c', 'while true; do sleep 1; done']);
    await untilRunning('survivor');
    expect((await type(['down'])).out).toContain('1 lease keeps running');
    expect((await type(['ps'])).err).toContain('Start it with coop up.');
    const again = await up();
    expect(again, again.err).toMatchObject({ code: 0 });
    await untilRunning('survivor');
    expect(await type(['exec', 'survivor', '--', 'true'])).toMatchObject({ code: 0 });
    expect((await type(['stop', 'survivor'])).out).toContain('You stopped it.');
  });

  test('--explain prints calls that hold no key', async () => {
    const { err } = await type(['ps', '--explain']);
    expect(err).toMatch(/^curl 'http:\/\/127\.0\.0\.1:\d+\/v1\/runs\?state=/);
    expect(err).toContain('Bearer $COOP_API_KEY');
  });

  test('a key may do what it was made for, and no more', async () => {
    const made = JSON.parse(await done(['key', 'create', 'reader', '--scope', 'runs:read', '--json'])) as {
      id: string;
      secret: string;
    };
    expect(await type(['ps'], { env: { COOP_API_KEY: made.secret } })).toMatchObject({ code: 0 });
    const refused = await type(['balance', '--json'], { env: { COOP_API_KEY: made.secret } });
    expect(JSON.parse(refused.err)).toMatchObject({ code: 'forbidden' });
    expect(await type(['key', 'remove', made.id])).toMatchObject({ code: 0 });
    expect((await type(['ps'], { env: { COOP_API_KEY: made.secret } })).code).toBe(1);
  });

  test('--fresh starts over: the ledger is new, the key is the old one', async () => {
    const key = await readFile(join(home, 'login.key'), 'utf8');
    expect((await up('--fresh', '--yes')).err).toContain('coop down first');
    await type(['down']);
    expect((await up('--fresh')).err).toContain('Answer it with --yes.');
    const fresh = await up('--fresh', '--yes');
    expect(fresh, fresh.err).toMatchObject({ code: 0 });
    expect(await readFile(join(home, 'login.key'), 'utf8')).toBe(key);
    expect((await type(['ps', '-aq'])).out).toBe('');
    expect(JSON.parse((await type(['balance', '--json'])).out)).toMatchObject({ available: { usd: '10.00' } });
  });

  /** Follows the run's own events, so that nothing is waited for longer than it takes. */
  async function untilRunning(name: string): Promise<void> {
    for (;;) {
      const runs = JSON.parse((await type(['ps', '--json'])).out) as { name: string; state: string }[];
      const run = runs.find((one) => one.name === name);
      if (run === undefined) throw new Error(`${name} has ended: ${(await type(['events', name])).out}`);
      if (run.state === 'running') return;
    }
  }
}

const server = "require('net').createServer((socket) => socket.end('served\\n')).listen(process.argv[1], '127.0.0.1')";

describe('coop with plain processes', () => story('process'));
describeNeeding(['docker'], 'coop with docker', () => story('docker'));

test('without a network here, what to do is said', async () => {
  const home = await mkdtemp(join(tmpdir(), 'coop-cli-none-'));
  const said = await coop(['ps'], { home });
  expect(said).toMatchObject({ code: 1, out: '' });
  expect(said.err).toContain('coop up');
  expect(await coop(['run', '--max-prise', '1', '--', 'x'], { home })).toMatchObject({
    code: 125,
    err: expect.stringContaining('--max-price'),
  });
  expect((await coop(['--help'], { home })).out).toContain('Rent out');
  await rm(home, { recursive: true });
});
