import { findClasses } from '@gpucoop/protocol/gpu-classes.ts';
import { decimalDollars, parseDollars } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { parseDuration, parseInteger } from '@gpucoop/protocol/sizes.ts';
import { referencePrices } from '@gpucoop/policy/presets/reference-prices.ts';
import type { Flags, FlagValues } from '../../grammar.ts';

/** What `coop policy explain` is asked, with everything that was not said filled in. */
export type Question = {
  class: string;
  devices: number;
  machines: number;
  /** Of all devices of the class, in millionths. */
  rentedPpm: number;
  pledged: number;
  /** Since the start of the emission. */
  at_s: number;
  askMicrosPerHour: bigint;
  tokenMicros: (policy: string) => bigint;
  etherMicros: bigint;
  sold: number;
  place: string | undefined;
  /** What was filled in, in words. */
  assumed: string[];
};

export const questionFlags = {
  gpu: { type: 'string', value: 'GPU:N', about: 'Class and number of devices of the machine: h100:8, rtx-4090' },
  machines: { type: 'string', value: 'N', about: 'Machines like it in the network, this one included' },
  rented: { type: 'string', value: 'PERCENT', about: 'Share of them that is rented out' },
  pledged: { type: 'string', value: 'N', about: 'Devices that renters have pledged to rent' },
  after: { type: 'string', value: 'TIME', about: 'Time since the network’s start: 30d, 52w' },
  rent: { type: 'string', value: 'DOLLARS', about: 'Asking price of a device and hour' },
  'token-price': {
    type: 'string',
    value: '[POLICY=]DOLLARS',
    about: 'What a token is worth, in all policies or in one',
    multiple: true,
  },
  'ether-price': { type: 'string', value: 'DOLLARS', about: 'What an ether is worth' },
  sold: { type: 'string', value: 'N', about: 'Licences sold so far' },
  place: { type: 'string', value: 'REGION', about: 'From where: de, us-ca' },
} as const satisfies Flags;

type Given = FlagValues<typeof questionFlags>;

/** Of a token whose price is not given; no market has one for a network that does not exist yet. */
const TOKEN_MICROS: Readonly<Record<string, bigint>> = { ionet: 200_000n, aethir: 4100n };
const OTHER_TOKEN_MICROS = 100_000n;

/** `8 H100 among 5,000 machines`, or flags, which win. Throws `invalid_request` with what would be right. */
export function readQuestion(words: string | undefined, flags: Given): Question {
  const said = words === undefined ? {} : readWords(words);
  const assumed: string[] = [];
  const fill = <Value>(value: Value | undefined, otherwise: Value, text: string): Value => {
    if (value === undefined) assumed.push(text);
    return value ?? otherwise;
  };
  const { slug, devices } = readGpu(fill(flags.gpu ?? said.gpu, 'rtx-4090:1', 'a machine with one rtx-4090'));
  const reference = referencePrices[slug] ?? 500_000n;
  const ask = fill(
    optional(flags.rent, dollars('--rent')),
    reference,
    `$${decimalDollars(reference)} asked for a device and hour`,
  );
  const prices = readTokenPrices(flags['token-price']);
  return {
    class: slug,
    devices,
    machines: fill(optional(flags.machines ?? said.machines, whole('--machines', 1)), 1000, '1,000 machines'),
    rentedPpm: fill(optional(flags.rented, percent), 600_000, '60 % of them rented out'),
    pledged: optional(flags.pledged, whole('--pledged', 0)) ?? 0,
    at_s: fill(optional(flags.after, duration), 365 * 86_400, 'one year after the start'),
    askMicrosPerHour: ask,
    tokenMicros: (policy) => prices.get(policy) ?? prices.get('') ?? TOKEN_MICROS[policy] ?? OTHER_TOKEN_MICROS,
    etherMicros: optional(flags['ether-price'], dollars('--ether-price')) ?? 3_000_000_000n,
    sold: optional(flags.sold, whole('--sold', 0)) ?? 0,
    place: flags.place,
    assumed,
  };
}

function readWords(words: string): { gpu?: string; machines?: string } {
  const match = /^(\d+)\s*[x×]?\s*(.+?)(?:\s+among\s+([\d,]+)(?:\s+machines?)?)?$/i.exec(words.trim());
  if (match === null) {
    throw new CoopError('invalid_request', `"${words}" is no question that can be answered.`, {
      hint: 'coop policy explain "8 H100 among 5000 machines"',
    });
  }
  const [, devices, name, machines] = match;
  return { gpu: `${name}:${devices}`, ...(machines !== undefined && { machines: machines.replaceAll(',', '') }) };
}

/** One class: a family means the one that comes first in the table of reference prices, which is the dearest. */
function readGpu(text: string): { slug: string; devices: number } {
  const [name = '', count = '1'] = text.split(/:(?=\d+$)/);
  const found = findClasses(name);
  if (!found.found) {
    throw new CoopError('invalid_request', `There is no device class "${name}".`, {
      at: '--gpu',
      ...(found.suggestions.length > 0 && { hint: `Did you mean ${found.suggestions.join(' or ')}?` }),
    });
  }
  const slug = Object.keys(referencePrices).find((known) => found.classes.includes(known)) ?? found.classes[0]!;
  return { slug, devices: whole('--gpu', 1)(count) };
}

function readTokenPrices(given: readonly string[]): Map<string, bigint> {
  return new Map(
    given.map((text) => {
      const [policy, price] = text.includes('=') ? (text.split('=', 2) as [string, string]) : ['', text];
      return [policy, dollars('--token-price')(price)];
    }),
  );
}

/** Every machine is reckoned one by one, as a network does. */
const MOST = 1_000_000;

const optional = <Value>(text: string | undefined, read: (text: string) => Value): Value | undefined =>
  text === undefined ? undefined : read(text);

const whole =
  (flag: string, least: number) =>
  (text: string): number => {
    const value = parseInteger(text);
    if (value !== undefined && value >= least && value <= MOST) return value;
    throw new CoopError('invalid_request', `"${text}" is no whole number from ${least} to ${MOST}.`, { at: flag });
  };

const dollars =
  (flag: string) =>
  (text: string): bigint => {
    const value = parseDollars(text);
    if (value !== undefined && value > 0n) return value;
    throw new CoopError('invalid_request', `"${text}" is no amount in dollars.`, { at: flag, hint: 'Write 0.20.' });
  };

function percent(text: string): number {
  const match = /^(\d{1,3})(?:\.(\d{1,4}))? ?%?$/.exec(text);
  const ppm = match === null ? Number.NaN : Number(match[1]) * 10_000 + Number((match[2] ?? '').padEnd(4, '0'));
  if (ppm <= 1_000_000) return ppm;
  throw new CoopError('invalid_request', `"${text}" is no percentage.`, { at: '--rented', hint: 'Write 60.' });
}

function duration(text: string): number {
  const value = parseDuration(text);
  if (typeof value === 'number') return value;
  throw new CoopError('invalid_request', `"${text}" is no time.`, { at: '--after', hint: 'Write 30d or 52w.' });
}
