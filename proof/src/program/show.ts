import { supportedClasses } from '../classes.ts';
import { outcomes } from '../outcomes.ts';
import { passCount, residentBytes } from '../parameters.ts';
import { sayAttestation } from './attest.ts';
import type { ProvedHere } from './prove-here.ts';

/** The result for a person, and for a program. */
export function show({ device, kind, parameters, ended, verifyMs, attestation }: ProvedHere): string {
  const { n, slabs, rows, columns, residencySamples, passes, exchanges } = parameters;
  const { outcome, proven } = ended;
  const work = [
    ['device', `${device.id}, which says that it is ${device.name}; proven with ${kind}`],
    [
      'work',
      `${slabs} products of ${n} × ${n}, ${mib(residentBytes(parameters))} kept, read ${passCount(parameters)} times`,
    ],
    ...(kind === 'cuda' ? [['attestation', sayAttestation(attestation)]] : []),
    ['checked', `${rows} × ${columns} entries and ${residencySamples} reads, in ${verifyMs.toFixed(0)} ms`],
  ];
  if (proven === undefined) return fields([...work, ['result', `not proven: ${outcomes[outcome].says}`]]);
  const { times, bounds } = proven;
  const classes = supportedClasses(bounds);
  return fields([
    ...work,
    ['memory', `at least ${mib(Number(bounds.residentBytes))}`],
    [
      'bandwidth',
      `at least ${scaled(bounds.bytesPerSecond, 9)} GB/s; ${passes} reads in ${times.exchangeMicros.map(ms).join(', ')} ms`,
    ],
    [
      'arithmetic',
      `at least ${scaled(bounds.operationsPerSecond, 12)} int8 TOPS; all products in ${ms(times.commitMicros)} ms`,
    ],
    ['classes', classes.length === 0 ? 'no GPU class' : classes.join(', ')],
    ['certainty', `95 %, for each line; ${exchanges} exchanges, of which the middle one counts`],
  ]);
}

export function showJson({ device, kind, parameters, ended, verdict, verifyMs, attestation }: ProvedHere): string {
  const { n, slabs, exchanges, passes, rows, columns, residencySamples } = parameters;
  const { outcome, proven } = ended;
  return `${JSON.stringify({
    device: device.id,
    device_says: device.name,
    prover: kind,
    outcome,
    parameters: { n, slabs, exchanges, passes, rows, columns, residency_samples: residencySamples },
    ...(proven === undefined
      ? {}
      : {
          bounds: {
            resident_bytes: Number(proven.bounds.residentBytes),
            bytes_per_second: Number(proven.bounds.bytesPerSecond),
            int8_operations_per_second: Number(proven.bounds.operationsPerSecond),
          },
          times: {
            commit_us: Number(proven.times.commitMicros),
            exchanges_us: proven.times.exchangeMicros.map(Number),
            allowance_us: Number(proven.times.allowanceMicros),
          },
          classes: supportedClasses(proven.bounds),
        }),
    ...(attestation === undefined
      ? {}
      : { attestation: sayAttestation(attestation), attestation_chain: attestation.chain }),
    verify_ms: Math.round(verifyMs * 10) / 10,
    verdict: Buffer.from(verdict).toString('hex'),
  })}\n`;
}

function fields(lines: readonly string[][]): string {
  const width = Math.max(...lines.map(([label]) => label!.length));
  return `${lines.map(([label, value]) => `${label!.padEnd(width)}  ${value}`).join('\n')}\n`;
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const ms = (micros: bigint): string => (Number(micros) / 1000).toFixed(1);
/** With three digits that mean something. */
const scaled = (value: bigint, power: number): string => String(Number((Number(value) / 10 ** power).toPrecision(3)));
