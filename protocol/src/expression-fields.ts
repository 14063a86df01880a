import { gpuClass, nominalMemoryMib } from './gpu-classes.ts';
import type { Offer } from './resources.ts';
import { isolationLevels } from './spec.ts';

/**
 * What can be asked of an offer, by name. `kind` says how a value is read and compared:
 *   text      equal without regard to case; `_`, `-` and blanks are the same
 *   place     as text; `eu` is also eu-north and eu-de
 *   part      as text, and a part of it is enough
 *   class     a card, or a family of cards (`A100` is all of them)
 *   number    exact decimal
 *   gib       a size; a bare number is GiB, as Vast's fields have it
 *   dollars   per hour, exact to the micro
 *   share     0..1 or a percentage
 *   flag      true or false
 *   time      a duration with unit: 12h, 3d
 *   version   dotted numbers: 535.86 < 535.129
 *   isolation none < container < sandbox
 * Numbers come as exact integers: millionths for number, MiB for gib, micros for dollars, millionths for share, seconds for time.
 */
export type FieldKind =
  | 'text'
  | 'place'
  | 'part'
  | 'class'
  | 'number'
  | 'gib'
  | 'dollars'
  | 'share'
  | 'flag'
  | 'time'
  | 'version'
  | 'isolation';

export type Field = {
  kind: FieldKind;
  doc: string;
  /** Vast's spellings, and other names in use. */
  aliases: readonly string[];
  read: (offer: Offer) => string | bigint | boolean | null;
};

const isCpu = (offer: Offer) => offer.class === 'cpu';
const vramMib = (offer: Offer) => (isCpu(offer) ? 0 : nominalMemoryMib(offer.class, offer.device_memory_mib));
const millionths = (value: number) => BigInt(Math.round(value * 1_000_000));

export const expressionFields = {
  gpu: { kind: 'class', doc: 'Card or family: rtx-4090, A100', aliases: ['gpu_name', 'class'], read: (o) => o.class },
  gpus: {
    kind: 'number',
    doc: 'Devices in the largest slice; 0 of class cpu',
    aliases: ['num_gpus'],
    read: (o) => (isCpu(o) ? 0n : millionths(o.max_units)),
  },
  vram: {
    kind: 'gib',
    doc: 'Memory of one device, GiB',
    aliases: ['gpu_ram', 'gpu_memory'],
    read: (o) => BigInt(vramMib(o)),
  },
  total_vram: {
    kind: 'gib',
    doc: 'Device memory of the largest slice, GiB',
    aliases: ['gpu_total_ram'],
    read: (o) => BigInt(vramMib(o) * o.max_units),
  },
  price: {
    kind: 'dollars',
    doc: 'Dollars an hour for one unit',
    aliases: ['dph', 'dph_total', 'dph_base'],
    read: (o) => BigInt(o.price_per_unit_hour.micros),
  },
  units: {
    kind: 'number',
    doc: 'Units in the largest slice',
    aliases: ['max_units'],
    read: (o) => millionths(o.max_units),
  },
  free: { kind: 'number', doc: 'Units free now', aliases: ['units_free'], read: (o) => millionths(o.units_free) },
  cpus: {
    kind: 'number',
    doc: 'CPUs of the largest slice',
    aliases: ['cpu_cores', 'cpu_cores_effective', 'vcpus'],
    read: (o) => millionths(o.unit_cpus * o.max_units),
  },
  memory: {
    kind: 'gib',
    doc: 'Memory of the largest slice, GiB',
    aliases: ['cpu_ram', 'ram'],
    read: (o) => BigInt(o.unit_memory_mib * o.max_units),
  },
  disk: {
    kind: 'gib',
    doc: 'Free disk of the machine, GiB',
    aliases: ['disk_space'],
    read: (o) => BigInt(o.disk_free_mib),
  },
  reliability: {
    kind: 'share',
    doc: 'Share of leased seconds that the provider did not lose, 0..1',
    aliases: ['reliability2'],
    read: (o) => BigInt(o.reliability_ppm),
  },
  verified: { kind: 'flag', doc: 'Checkers have proven the device', aliases: [], read: (o) => o.verified },
  region: { kind: 'place', doc: 'Where, as the provider says', aliases: ['geolocation'], read: (o) => o.region },
  isolation: {
    kind: 'isolation',
    doc: 'none < container < sandbox',
    aliases: [],
    read: (o) => BigInt(isolationLevels.indexOf(o.isolation)),
  },
  architecture: { kind: 'text', doc: 'amd64 or arm64', aliases: ['arch', 'cpu_arch'], read: (o) => o.architecture },
  vendor: {
    kind: 'text',
    doc: 'nvidia, amd, intel or cpu',
    aliases: ['gpu_arch'],
    read: (o) => gpuClass(o.class)?.vendor ?? o.vendor,
  },
  cpu: {
    kind: 'part',
    doc: 'Processor model, or a part of its name',
    aliases: ['cpu_name', 'cpu_model'],
    read: (o) => o.cpu_model,
  },
  duration: { kind: 'time', doc: 'Longest lease', aliases: ['max_duration'], read: (o) => BigInt(o.max_duration_s) },
  min_duration: { kind: 'time', doc: 'Shortest lease', aliases: [], read: (o) => BigInt(o.min_duration_s) },
  driver: { kind: 'version', doc: 'Driver version', aliases: ['driver_version', 'driver_vers'], read: (o) => o.driver },
  engine: { kind: 'text', doc: 'docker, podman or process', aliases: [], read: (o) => o.engine.split(/[ /]/)[0] ?? '' },
  network: { kind: 'text', doc: 'internet or none', aliases: [], read: (o) => o.network },
  disk_limit: { kind: 'text', doc: 'enforced or watched', aliases: [], read: (o) => o.disk_limit },
  machine: { kind: 'text', doc: 'Machine id', aliases: ['machine_id', 'host'], read: (o) => o.machine_id },
  id: { kind: 'text', doc: 'Offer id', aliases: ['offer', 'ask_id'], read: (o) => o.id },
  availability: {
    kind: 'text',
    doc: 'free, rented, owner_busy, quiet_hours, offline or paused',
    aliases: [],
    read: (o) => o.availability,
  },
  available: { kind: 'flag', doc: 'Can be rented now', aliases: ['rentable'], read: (o) => o.availability === 'free' },
  rented: { kind: 'flag', doc: 'Rented out now', aliases: [], read: (o) => o.availability === 'rented' },
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof expressionFields;

const names = new Map<string, FieldName>();
for (const name of Object.keys(expressionFields) as FieldName[]) {
  for (const spelling of [name, ...expressionFields[name].aliases]) names.set(spelling, name);
}

/** Our name of a field, from ours or an alias. */
export function fieldNamed(text: string): FieldName | undefined {
  return names.get(text.toLowerCase());
}

export const allFieldSpellings: readonly string[] = [...names.keys()];

export function fieldOf(name: FieldName): Field {
  return expressionFields[name];
}
