import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNvidiaSmi } from './nvidia-xml.ts';
import {
  CPU_WINDOW_MS,
  GPU_CALM_MS,
  isUse,
  nextCpuBusy,
  nextGpuUse,
  ownerCpuShare,
  programName,
  withinWindow,
  type CpuSample,
  type GpuProcess,
} from './owner-rules.ts';

const compute = (pid: number, own: boolean | null, memoryMib = 100): GpuProcess => ({
  pid,
  name: '/usr/bin/python3 train.py',
  type: 'C',
  memoryMib,
  own,
});
const xorg: GpuProcess = { pid: 5, name: '/usr/lib/xorg/Xorg', type: 'G', memoryMib: 61, own: false };

describe('a GPU', () => {
  test("is busy while a compute process of the owner's is on it, and names the program without its arguments", () => {
    expect(nextGpuUse(undefined, [xorg, compute(7, false)], 0)).toMatchObject({
      owner_busy: true,
      owner_process: 'python3',
    });
  });

  test('is free under our own leases and a desktop that merely stands there', () => {
    expect(nextGpuUse(undefined, [xorg, compute(7, true, 20_000)], 0)).toMatchObject({
      owner_busy: false,
      owner_process: null,
    });
  });

  test('is busy while something is drawn that takes memory: a game, a browser with much in it', () => {
    expect(isUse({ type: 'G', name: '/usr/lib/firefox/firefox', memoryMib: 541 })).toBe(true);
    expect(isUse({ type: 'G', name: '/usr/bin/krunner', memoryMib: 1 })).toBe(false);
    expect(isUse({ type: 'G', name: '/usr/bin/gnome-shell', memoryMib: 400 })).toBe(false);
    expect(isUse({ type: 'G', name: '/usr/bin/gnome-shell', memoryMib: 4000 })).toBe(true);
    expect(isUse({ type: 'C+G', name: '/usr/bin/gnome-shell', memoryMib: 1 })).toBe(true);
    expect(isUse({ type: 'G', name: 'game.exe', memoryMib: null })).toBe(true);
  });

  test('as recorded: the T4 is used by python, not by its Xorg', () => {
    const report = parseNvidiaSmi(readFileSync(new URL('fixtures/tesla-t4-v11.xml', import.meta.url), 'utf8'));
    const processes = report.gpus[0]!.processes.map((process) => ({ ...process, own: false }));
    expect(nextGpuUse(undefined, processes, 0).owner_process).toBe('python');
    const ours = processes.map((process) => ({ ...process, own: process.pid === 5762 }));
    expect(nextGpuUse(undefined, ours, 0).owner_busy).toBe(false);
  });

  test('stays off the market for a while after the last process has left', () => {
    const used = nextGpuUse(undefined, [compute(7, false)], 1000);
    const soon = nextGpuUse(used, [], 1000 + GPU_CALM_MS - 1);
    expect(soon).toMatchObject({ owner_busy: true, owner_process: 'python3' });
    expect(nextGpuUse(soon, [], 1000 + GPU_CALM_MS)).toMatchObject({ owner_busy: false, owner_process: null });
  });

  test('a process that has just ended with its lease is not taken for the owner', () => {
    const once = nextGpuUse(undefined, [compute(7, null)], 0);
    expect(once.owner_busy).toBe(false);
    expect(nextGpuUse(once, [], 5000).owner_busy).toBe(false);
    expect(nextGpuUse(once, [compute(8, null)], 5000).owner_busy).toBe(false);
    expect(nextGpuUse(once, [compute(7, null)], 5000).owner_busy).toBe(true);
  });

  test('whatever runs in our leases never makes it busy, whatever the owner computes always does', () => {
    const process = fc.record({
      pid: fc.integer({ min: 2, max: 99_999 }),
      name: fc.string(),
      type: fc.constantFrom('C', 'G', 'C+G', 'M+C'),
      memoryMib: fc.option(fc.nat(100_000), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(process), fc.array(process), (ours, theirs) => {
        const own = ours.map((each) => ({ ...each, own: true }));
        expect(nextGpuUse(undefined, own, 0).owner_busy).toBe(false);
        const others = theirs.map((each) => ({ ...each, own: false }));
        const next = nextGpuUse(undefined, [...own, ...others], 0);
        expect(next.owner_busy).toBe(others.some(isUse));
        expect(next.owner_process !== null).toBe(next.owner_busy);
      }),
    );
  });
});

test("a program is shown by its name only: where it lies and what it was given is the owner's business", () => {
  expect(programName('/home/me/secret project/bin/tool --token abc')).not.toContain('token');
  expect(programName('/usr/lib/firefox/firefox')).toBe('firefox');
});

describe("the owner's share of the CPUs", () => {
  const sample = (atS: number, busySeconds: number, own: Record<string, number> = {}): CpuSample => ({
    atMs: atS * 1000,
    busySeconds,
    ownSeconds: new Map(Object.entries(own)),
  });

  test('is what was used less what our leases used', () => {
    expect(ownerCpuShare([sample(0, 100, { a: 50 }), sample(30, 160, { a: 95 })], 4)).toBeCloseTo(15 / 120);
  });

  test('cannot be judged before the window is nearly full', () => {
    expect(ownerCpuShare([sample(0, 0), sample(5, 5)], 1)).toBeNull();
    expect(ownerCpuShare([], 1)).toBeNull();
  });

  test('leaves out the interval in which a lease ended, as its last seconds are not known', () => {
    const samples = [sample(0, 0, { a: 0 }), sample(28, 28, { a: 28 }), sample(30, 60)];
    expect(ownerCpuShare(samples, 2)).toBe(0);
  });

  test('counts a lease that began in between from nothing', () => {
    expect(ownerCpuShare([sample(0, 0), sample(30, 30, { a: 30 })], 2)).toBe(0);
  });

  test('is never negative and never judged on less than the window, whatever the counters say', () => {
    const own = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.double({ min: 0, max: 1e6, noNaN: true }));
    const samples = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1e6, noNaN: true }), own),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(samples, (steps) => {
        let atMs = 0;
        const taken = steps.map(([ms, busySeconds, seconds]) => ({
          atMs: (atMs += ms),
          busySeconds,
          ownSeconds: new Map(Object.entries(seconds)),
        }));
        const share = ownerCpuShare(taken, 4);
        if (share !== null) expect(share).toBeGreaterThanOrEqual(0);
        const span = taken.length === 0 ? 0 : taken.at(-1)!.atMs - taken[0]!.atMs;
        if (span < CPU_WINDOW_MS * 0.8) expect(share).toBeNull();
      }),
    );
  });

  test('takes the machine off the market above a quarter, and back below a tenth', () => {
    const shares = [0.05, 0.25, 0.26, 0.2, 0.11, 0.09, 0.2, null, 0.3, null, 0.05];
    let busy = false;
    expect(shares.map((share) => (busy = nextCpuBusy(busy, share)))).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
      false,
      true,
      true,
      false,
    ]);
  });

  test('only the samples that the window needs are kept', () => {
    const samples = [0, 5, 10, 15, 20, 25, 30, 35, 40].map((at) => sample(at, at));
    expect(withinWindow(samples, 40_000).map((each) => each.atMs / 1000)).toEqual([10, 15, 20, 25, 30, 35, 40]);
    expect(withinWindow(samples.slice(0, 3), 10_000)).toHaveLength(3);
  });
});
