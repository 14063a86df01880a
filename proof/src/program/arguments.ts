import { parseArgs } from 'node:util';
import { parameterRanges } from '../parameters.ts';

export const usage = `Usage: coop prove [--device cpu] [--n 1024] [--memory 256MiB] [--threads N] [--json]

Challenges this machine, verifies its answers, and prints what they prove: lower bounds for memory, bandwidth and int8 arithmetic.

  --device ID      which device; cpu where nothing else is said
  --n N            side of the matrices, a power of two; larger ones are faster to read and slower to compute
  --memory SIZE    how much to fill, as 256MiB or 8GiB
  --threads N      of the processor; all where nothing else is said
  --json           one JSON object
`;

export type Options = {
  device: string;
  n: number;
  memoryBytes: number;
  threads: number | undefined;
  json: boolean;
};
export class UsageError extends Error {}

export function readArguments(argv: readonly string[]): Options | 'help' {
  const values = parsed(argv);
  if (values.help === true) return 'help';
  const [least, most] = parameterRanges.n;
  const n = whole('--n', values.n);
  if (!Number.isInteger(Math.log2(n)) || n < least || n > most) {
    throw new UsageError(`--n is a power of two from ${least} to ${most}`);
  }
  return {
    device: values.device,
    n,
    memoryBytes: sizeBytes(values.memory),
    threads: values.threads === undefined ? undefined : whole('--threads', values.threads),
    json: values.json,
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        device: { type: 'string', default: 'cpu' },
        n: { type: 'string', default: '1024' },
        memory: { type: 'string', default: '256MiB' },
        threads: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${name} is a whole number, not ${text}`);
  return Number(text);
}

function sizeBytes(text: string): number {
  const match = /^(\d{1,7})(?:\.(\d))? ?([MG])(?:i?B)?$/i.exec(text);
  if (match === null) throw new UsageError(`--memory is a size as 256MiB or 8GiB, not ${text}`);
  const unit = match[3]!.toUpperCase() === 'G' ? 2 ** 30 : 2 ** 20;
  return Math.floor(Number(`${match[1]}.${match[2] ?? 0}`) * unit);
}
