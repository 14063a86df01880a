import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoopError } from './problem.ts';
import { parseSpecFile, specFromFlags } from './spec-file.ts';
import { topKeys, topKeysNotYet } from './spec-keys.ts';
import { Spec, specDefaults } from './spec.ts';

const whole = `
type: task
name: finetune
image: pytorch/pytorch:2.4
commands:
  - pip install -r requirements.txt
  - python train.py
env:
  - HF_TOKEN
  - MODE=fast=yes
working_dir: /work
user: "1000:1000"
ports: [8888]
resources: { gpu: "A100:80GB:2", cpu: arm:8.., memory: 32GB.., disk: { size: 100GB.. }, shm_size: 8GB }
registry_auth: { username: me, password: secret }
spot_policy: auto
max_price: 0.60
max_duration: 6h
retry: { on_events: [no-capacity, interruption], duration: 2h }
utilization_policy: { min_gpu_utilization: 10, time_window: 20m }
regions: [eu]
x-coop:
  where: reliability>=0.98 region notin [cn]
  budget: 5.00
  isolation: container
  wait: true
  readiness: http:8888/health
  stop_grace: 30s
`;

describe('a spec file', () => {
  test('says all that a spec can say', () => {
    const parsed = parseSpecFile(whole);
    expect(parsed.spec).toEqual({
      type: 'task',
      name: 'finetune',
      image: 'pytorch/pytorch:2.4',
      entrypoint: ['/bin/sh', '-c'],
      command: ['pip install -r requirements.txt && python train.py'],
      env: { MODE: 'fast=yes' },
      secret_names: ['HF_TOKEN'],
      registry_auth: true,
      working_dir: '/work',
      user: '1000:1000',
      ports: [8888],
      resources: {
        gpu: {
          vendor: null,
          classes: ['a100-sxm-80gb', 'a100-pcie-80gb'],
          memory_mib: { min: 81_920, max: 81_920 },
          count: { min: 2, max: 2 },
        },
        cpus: { min: 8, max: null },
        memory_mib: { min: 32_768, max: null },
        disk_mib: { min: 102_400, max: null },
        shm_mib: 8192,
        architecture: 'arm64',
      },
      readiness: { kind: 'http', port: 8888, path: '/health' },
      max_price_micros_per_hour: 600_000,
      budget_micros: 5_000_000,
      max_duration_s: 21_600,
      retry: { on_events: ['no-capacity', 'interruption'], duration_s: 7200 },
      utilization_policy: { min_gpu_utilization: 10, time_window_s: 1200 },
      stop_grace_s: 30,
      where: 'reliability>=0.98 region notin [cn]',
      isolation: 'container',
      regions: ['eu'],
    });
    expect(parsed).toMatchObject({
      secretNames: ['HF_TOKEN'],
      registryAuth: { username: 'me', password: 'secret' },
      wait: true,
    });
  });

  test('that says little gets the defaults', () => {
    expect(parseSpecFile('type: task\nimage: alpine').spec).toEqual({ ...specDefaults, image: 'alpine' });
    expect(parseSpecFile('type: dev-environment').spec).toEqual({ ...specDefaults, type: 'dev-environment' });
  });

  test('never holds a secret', () => {
    expect(JSON.stringify(parseSpecFile(whole).spec)).not.toContain('secret"');
  });

  test('keeps what was written: no YAML guesses of types', () => {
    const { env } = parseSpecFile(
      'type: task\nimage: a\nenv: {VERSION: 3.10, COUNTRY: no, HEX: 0x10, BIG: 1e3, EMPTY: "", Y: null_}',
    ).spec;
    expect(env).toEqual({ VERSION: '3.10', COUNTRY: 'no', HEX: '0x10', BIG: '1e3', EMPTY: '', Y: 'null_' });
  });

  test('with an entrypoint gives its commands to it as arguments', () => {
    const { spec } = parseSpecFile(
      `type: task\nimage: a\nentrypoint: python -u "my file.py"\ncommands: [--fast, "a b"]`,
    );
    expect(spec).toMatchObject({ entrypoint: ['python', '-u', 'my file.py'], command: ['--fast', 'a b'] });
  });

  test.each([
    ['retry: true', { retry: { on_events: ['no-capacity', 'interruption', 'error'], duration_s: 3600 } }],
    ['retry: false', { retry: null }],
    ['max_duration: off', { max_duration_s: 31_536_000 }],
    ['resources: {gpu: 0}', { resources: specDefaults.resources }],
    [
      'resources: {gpu: {name: [A100, H100], memory: 80GB, count: 8}}',
      { resources: { gpu: { count: { min: 8, max: 8 } } } },
    ],
    ['resources: {memory: ..256MB}', { resources: { memory_mib: { min: 256, max: 256 } } }],
    ['x-coop: {readiness: {tcp: 80}}', { readiness: { kind: 'tcp', port: 80 } }],
    ['x-coop: {readiness: {http: 80}}', { readiness: { kind: 'http', port: 80, path: '/' } }],
    ['x-coop: {regions: eu}', { regions: ['eu'] }],
    ['x-coop: {budget: 0.000001}', { budget_micros: 1 }],
  ])('%s', (line, expected) => {
    expect(parseSpecFile(`type: task\nimage: a\n${line}`).spec).toMatchObject(expected);
  });

  test('may use an anchor twice', () => {
    const { spec } = parseSpecFile('type: task\nimage: &i a\nname: *i');
    expect(spec).toMatchObject({ image: 'a', name: 'a' });
  });
});

describe('errors name the place, the key and the way out', () => {
  test.each([
    ['type: task\nimag: a', 'line 2, column 1', '"imag"', 'did you mean "image"?'],
    ['type: task\nimage: a\nresources:\n  gpu: RTX4900', 'line 4, column 8', 'resources.gpu', 'rtx-4090'],
    ['type: task\nimage: a\nresources:\n  gpus: 1', 'line 4, column 3', 'resources: ', 'did you mean "gpu"?'],
    ['type: task\nimage: a\nvolumes: [x]', 'line 3, column 1', 'does not support yet', 'coop cp'],
    ['type: task\nimage: a\nservices: {}', 'line 3, column 1', 'does not support yet', 'coop port'],
    ['type: task\nimage: a\nbudget: 5', 'line 3, column 1', 'does not stand here', 'x-coop'],
    ['type: service', 'line 1, column 7', 'not supported yet', 'coop port'],
    ['type: tsk', 'line 1, column 7', '"tsk"', 'task'],
    ['image: a', 'line 1, column 1', '"type" is missing', 'type: task'],
    ['', 'line 1, column 1', 'a map of keys', 'type'],
    ['type: task', 'line 1, column 1', 'nothing to run', 'image'],
    ['type: task\nimage: a\nimage: b', 'line 3, column 1', 'stands twice', 'remove'],
    ['type: task\nimage: !!str a', 'line 2, column 14', 'tags', 'remove'],
    ['type: task\nimage: *a', 'line 2, column 8', 'anchor', '&name'],
    ['type: task\nimage:', 'line 2, column 1', 'no value', 'remove'],
    ['type: task\nimage: [a', 'line 2,', 'no valid YAML', 'examples'],
    ['type: task\n---\nimage: a', 'line 2,', 'no valid YAML', 'examples'],
    ['type: task\nimage: a\nmax_price: 0.1234567', 'line 3, column 12', 'no amount', 'six decimals'],
    ['type: task\nimage: a\nmax_duration: 6', 'line 3, column 15', 'no duration', '6h'],
    ['type: task\nimage: a\nresources: {memory: 8..}', 'line 3, column 21', 'no range of sizes', '8GB..'],
    ['type: task\nimage: a\nresources: {memory: 0GB}', 'line 3, column 21', 'nothing', 'default'],
    ['type: task\nimage: a\nenv: [1A=2]', 'line 3, column 7', '"1A"', 'NAME=value'],
    ['type: task\nimage: a\nenv: [A=1, A=2]', 'line 3, column 12', 'twice', 'remove'],
    ['type: task\nimage: a\nenv:\n  A:', 'line 4, column 3', 'env.A', '- A'],
    ['type: task\nimage: a\nports: ["8080:80"]', 'line 3, column 9', 'not mapped', 'coop port'],
    ['type: task\nimage: a\nports: [0]', 'line 3, column 9', '65535', 'number'],
    ['type: task\nimage: a\nspot_policy: spot', 'line 3, column 14', 'interruptible', 'on-demand'],
    ['type: task\nimage: a\nretry: yes', 'line 3, column 8', 'neither true nor false', 'true or false'],
    ['type: task\nimage: a\nregistry_auth: {username: x}', 'line 3, column 16', 'no password', 'username and password'],
    ['type: task\nimage: a\nx-coop:\n  where: prise<5', 'line 4, column 10', 'no field "prise" (column 1)', 'price'],
    [
      'type: task\nimage: a\nregions: [a]\nx-coop: {regions: [b]}',
      'line 4, column 19',
      'also given as regions',
      'one of the two',
    ],
    [
      'type: task\nimage: a\nresources: {cpu: x86:2}\nx-coop: {architecture: arm64}',
      'line 4, column 24',
      'amd64',
      'one of the two',
    ],
    ['type: dev-environment\ncommands: [a]', 'line 2, column 11', 'waits', 'task'],
    ['type: task\nimage: a b', 'line 2, column 8', 'no image', 'name:tag'],
    ['type: task\nimage: "a\\0"', 'line 2, column 8', 'zero byte', 'program'],
    ['type: task\nimage: "a\\ud800"', 'line 2, column 8', 'half of a character', 'itself'],
    ['type: task\nimage: a\nname: No', 'line 3, column 7', 'no name of a run', 'lower-case'],
  ])('%j', (text, at, message, hint) => {
    const error = refused(() => parseSpecFile(text));
    expect(error.code).toBe('invalid_spec');
    expect(error.at).toContain(at);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  test('a key of dstack is either read or refused by name', () => {
    for (const key of Object.keys(topKeysNotYet)) {
      expect(topKeys).not.toContain(key);
      expect(refused(() => parseSpecFile(`type: task\nimage: a\n${key}: x`)).message).toContain(
        `"${key}" is a key of dstack`,
      );
    }
  });
});

describe('the command line', () => {
  test('gives the same spec as the file that says the same', () => {
    const flags = specFromFlags({
      gpu: '24GB..',
      cpu: '2',
      memory: '4GB',
      disk: '20GB',
      image: 'alpine',
      env: ['K=V', 'TOKEN'],
      maxPrice: '0.5',
      budget: '2',
      maxDuration: '2h',
      where: 'verified=true',
      wait: true,
      entrypoint: 'python',
      command: ['echo', 'a b'],
    });
    const file = parseSpecFile(`
type: task
image: alpine
entrypoint: [python]
commands: [echo, a b]
env: [K=V, TOKEN]
resources: {gpu: 24GB.., cpu: 2, memory: 4GB, disk: 20GB}
max_price: 0.5
max_duration: 2h
x-coop: {where: verified=true, budget: 2, wait: true}`);
    expect(flags).toEqual(file);
  });

  test('gives the command to the image as it is, without a shell', () => {
    expect(specFromFlags({ image: 'a', command: ['echo', '$HOME'] }).spec).toMatchObject({
      entrypoint: null,
      command: ['echo', '$HOME'],
    });
  });

  test.each([
    [{ gpu: 'RTX4900', image: 'a' }, '--gpu'],
    [{ memory: '4', image: 'a' }, '--memory'],
    [{ maxPrice: 'x', image: 'a' }, '--max-price'],
    [{ where: 'prise<1', image: 'a' }, '--where'],
    [{ env: ['A-B=1'], image: 'a' }, '--env'],
    [{ ready: 'udp:1', image: 'a' }, '--ready'],
    [{ registryUsername: 'me', image: 'a' }, '--registry-username'],
    [{}, 'the command line'],
  ])('%j is refused at %s', (flags, at) => {
    const error = refused(() => specFromFlags(flags));
    expect(error.at).toBe(at);
    expect(error.message).toContain(at.startsWith('--') ? `${at}: ` : 'nothing to run');
  });

  test('wins over the file, key by key', () => {
    const { spec } = parseSpecFile(whole, { gpu: 'H100', maxPrice: '9', env: ['MODE=slow', 'NEW=1'] });
    expect(spec.resources.gpu?.classes).toContain('h100-sxm-80gb');
    expect(spec.resources.memory_mib.min).toBe(32_768);
    expect(spec.max_price_micros_per_hour).toBe(9_000_000);
    expect(spec.env).toEqual({ MODE: 'slow', NEW: '1' });
  });
});

describe('hostile files', () => {
  const kib = 256 * 1024;
  const laughs = 'bcdefghij'
    .split('')
    .map((name, i) => `${name}: &${name} [${`*${'abcdefghij'[i]},`.repeat(9)}]`)
    .join('\n');
  test.each([
    ['a billion laughs', `a: &a [x,x,x,x,x,x,x,x,x]\n${laughs}`, 'more than 20000 values'],
    ['an anchor within itself', 'type: &a [*a]', 'nested too deeply'],
    ['deep flow', '['.repeat(kib), 'nested too deeply'],
    ['deep blocks', '- '.repeat(kib / 2), 'nested too deeply'],
    ['many keys', Array.from({ length: 30_000 }, (_, i) => `k${i}:`).join('\n'), 'more than 20000 values'],
    ['many aliases', `type: &a x\nports: [${'*a,'.repeat(60_000)}]`, 'more than 20000 values'],
    ['a prototype', 'type: task\nimage: a\nenv: {__proto__: x}', 'no name of a variable'],
    ['a key of Object', 'type: task\nconstructor: x', 'no key "constructor"'],
    ['too much', `type: task\nimage: a\nname: ${'a'.repeat(kib)}`, 'larger than 256 KiB'],
    ['too much in bytes', 'é'.repeat(kib / 2 + 1), 'larger than 256 KiB'],
  ])('%s is refused', (_, text, message) => {
    expect(refused(() => parseSpecFile(text))).toMatchObject({
      code: 'invalid_spec',
      message: expect.stringContaining(message),
    });
  });
});

test('any text is a spec or an error that a person can act on', () => {
  const lines = whole.split('\n');
  const scalar = fc.oneof(
    fc.string(),
    fc.constantFrom('24GB..', '6h', '0.5', 'true', '[a, b]', '{a: 1}', '', '*a', '&a b', '!x', '|', '"', '..'),
  );
  const key = fc.constantFrom(...topKeys, 'x-coop', 'resources', 'gpu', '- a', '  where');
  const line = fc.oneof(
    fc.constantFrom(...lines),
    fc.tuple(key, scalar).map(([name, value]) => `${name}: ${value}`),
    fc.string(),
  );
  const mutated = fc
    .tuple(fc.nat(whole.length), fc.nat(20), fc.string())
    .map(([from, length, put]) => whole.slice(0, from) + put + whole.slice(from + length));
  fc.assert(
    fc.property(
      fc.oneof(
        mutated,
        fc.array(line, { maxLength: 20 }).map((some) => some.join('\n')),
      ),
      (text) => {
        try {
          expect(Spec.parse(parseSpecFile(text).spec)).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(CoopError);
          expect(error).toMatchObject({ code: 'invalid_spec', at: expect.any(String), hint: expect.any(String) });
        }
      },
    ),
    { numRuns: 1000 },
  );
});

function refused(act: () => unknown): CoopError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(CoopError);
    return error as CoopError;
  }
  throw new Error('nothing was refused');
}
