import { parseArgs } from 'node:util';
import { parameterRanges } from '../parameters.ts';

export const usage = `Usage: coop prove [OPTIONS]

Challenges this machine, verifies its answers, and prints what they prove: lower
bounds for memory, bandwidth and int8 arithmetic.

  --device ID      cpu, the UUID of an NVIDIA card, webgpu-0 for another GPU, or
                   gpus for all at once; default cpu
  --n N            side of the matrices, a power of two; larger ones are faster
                   to read and slower to compute; default 1024, on an NVIDIA
                   card 4096
  --memory SIZE    how much to fill, as 256MiB or 8GiB; default 256MiB, on an
                   NVIDIA card 92 % of what is free
  --threads N      of the processor; default all
  --software       a processor behind a graphics driver may be the GPU; it shows
                   that the prover works, and nothing else
  --ocsp FILE      an OCSP response in DER about a certificate of an NVIDIA
                   card's attestation; may be given again
  --json           one JSON object for each device
`;

export type Options = {
  device: string;
  n: number | undefined;
  memoryBytes: number | undefined;
  threads: number | undefined;
  software: boolean;
  ocspFiles: readonly string[];
  json: boolean;
};
export class UsageError extends Error {}

export function readArguments(argv: readonly string[]): Options | 'help' {
  const values = parsed(argv);
  if (values.help === true) return 'help';
  return {
    device: values.device,
    n: values.n === undefined ? undefined : side(values.n),
    memoryBytes: values.memory === undefined ? undefined : sizeBytes(values.memory),
    threads: values.threads === undefined ? undefined : whole('--threads', values.threads),
    software: values.software,
    ocspFiles: values.ocsp,
    json: values.json,
  };
}

function side(text: string): number {
  const [least, most] = parameterRanges.n;
  const n = whole('--n', text);
  if (!Number.isInteger(Math.log2(n)) || n < least || n > most) {
    throw new UsageError(`--n is a power of two from ${least} to ${most}`);
  }
  return n;
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        device: { type: 'string', default: 'cpu' },
        n: { type: 'string' },
        memory: { type: 'string' },
        threads: { type: 'string' },
        software: { type: 'boolean', default: false },
        ocsp: { type: 'string', multiple: true, default: [] },
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
