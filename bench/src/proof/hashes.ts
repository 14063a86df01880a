import { hash, randomFillSync } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { openWorkspace } from '@gpucoop/proof/workspace.ts';
import { paddingAt } from '@gpucoop/proof/wasm/sha256.ts';
import type { BenchOptions } from '../bench.ts';

/** One SHA-256 of a node and of a leaf, four at a time in WebAssembly, by Node's own and by noble: why the verifier brings its own. */
export function hashRows({ quick }: BenchOptions): Record<string, string>[] {
  const count = quick ? 4000 : 100_000;
  return ([64, 256] as const).map((bytes) => {
    const messages = randomFillSync(new Uint8Array(bytes * 4000));
    const space = openWorkspace(messages.length + 32 * 4000);
    const [from, out] = [space.put(messages), space.take(32 * 4000)];
    const rounds = count / 4000;
    const each = (hashOne: (message: Uint8Array) => unknown) => () => {
      for (let n = 0; n < 4000; n++) hashOne(messages.subarray(n * bytes, (n + 1) * bytes));
    };
    const ours = nanosecondsOf(rounds, () => space.kernels.hash4(from, bytes, bytes / 64, out, 1000, paddingAt[bytes]));
    const native = nanosecondsOf(
      rounds,
      each((message) => hash('sha256', message, 'buffer')),
    );
    const noble = nanosecondsOf(rounds, each(sha256));
    return {
      bytes: String(bytes),
      'four at a time ns': ours.toFixed(0),
      'node:crypto ns': native.toFixed(0),
      'noble ns': noble.toFixed(0),
      'of node:crypto': (ours / native).toFixed(2),
    };
  });
}

/** Processor time of one of the 4000 hashes. */
function nanosecondsOf(rounds: number, work: () => void): number {
  work();
  const before = process.threadCpuUsage();
  for (let n = 0; n < rounds; n++) work();
  const { user, system } = process.threadCpuUsage(before);
  return ((user + system) * 1000) / rounds / 4000;
}
