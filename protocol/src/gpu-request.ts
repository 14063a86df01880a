import { findClasses, gpuClass, nominalMemoryMib } from './gpu-classes.ts';
import { nearest } from './nearest.ts';
import { CoopError } from './problem.ts';
import { parseInteger, parseIntegerRange, parseRange, parseSizeMib, rangeText, sizeText } from './sizes.ts';
import type { GpuRequest, Range } from './spec.ts';

/**
 * dstack's GPU grammar: `vendor:names:memory:count`, every part optional, in any order, each at most once. `24GB..`, `A100:80GB:2`,
 * `H100:8`, `amd:2`, `A10G,A100`, `40GB..80GB:4`, `2`. Sizes are per device. Without a count it is one device.
 */

type Part = 'vendor' | 'name' | 'memory' | 'count';
type Fail = (part: Part | null, message: string, hint: string) => never;

const VENDORS = ['nvidia', 'amd', 'intel'] as const;
const FOREIGN_VENDORS = ['google', 'tpu', 'tenstorrent', 'apple', 'aws'];
const COUNT_MAX = 1024;
const CLASSES_MAX = 32;
const EXAMPLES = 'for example 24GB.., A100:80GB:2 or H100:8';

/** The request, or null for `0`: no device, class cpu serves. Throws `invalid_spec`; `at` names the part. */
export function parseGpuRequest(text: string): GpuRequest | null {
  const parts = new Map<Part, string>();
  const fail = failure(text);
  if (text.trim() === '') fail(null, 'is empty', `write what you need, ${EXAMPLES}`);
  for (const piece of text.trim().split(':', 6)) {
    const value = piece.trim();
    if (value === '') fail(null, 'has an empty part', `parts are separated by one colon, ${EXAMPLES}`);
    const part = partOf(value);
    if (parts.has(part))
      fail(part, `names the ${part} twice ("${parts.get(part)}" and "${value}")`, `write it once, ${EXAMPLES}`);
    parts.set(part, value);
  }
  return build(parts, fail);
}

/** The object form, already split by the reader of the spec file. */
export function gpuRequestFrom(fields: {
  vendor?: string;
  name?: string[];
  memory?: string;
  count?: string;
}): GpuRequest | null {
  const parts = new Map<Part, string>();
  if (fields.vendor !== undefined) parts.set('vendor', fields.vendor);
  if (fields.name !== undefined) parts.set('name', fields.name.join(','));
  if (fields.memory !== undefined) parts.set('memory', fields.memory);
  if (fields.count !== undefined) parts.set('count', fields.count);
  return build(parts, failure(undefined));
}

/** Writes a request so that `parseGpuRequest` reads the same request back. */
export function printGpuRequest(request: GpuRequest): string {
  const { vendor, classes, memory_mib: memory, count } = request;
  return [
    vendor ?? '',
    classes.join(','),
    memory.min === 0 && memory.max === null ? '' : rangeText(memory, sizeText),
    rangeText(count),
  ]
    .filter((part) => part !== '')
    .join(':');
}

function partOf(value: string): Part {
  const word = value.toLowerCase();
  if ((VENDORS as readonly string[]).includes(word) || FOREIGN_VENDORS.includes(word)) return 'vendor';
  if (/^[\d. ]+$/.test(word)) return 'count';
  return word.includes('..') || parseSizeMib(word) !== undefined ? 'memory' : 'name';
}

function build(parts: Map<Part, string>, fail: Fail): GpuRequest | null {
  const vendor = vendorOf(parts.get('vendor'), fail);
  const named = classesOf(parts.get('name'), fail);
  const memory = memoryOf(parts.get('memory'), fail);
  const count = countOf(parts.get('count'), fail);
  if (count === null) return null;
  refuseOtherVendors(vendor, named, fail);
  return { vendor, classes: withMemory(named, memory, fail), memory_mib: memory, count };
}

/** `A100:80GB` is the A100s of 80 GB; when a named card has no such size, that is a mistake and not an empty market. */
function withMemory(classes: string[], memory: Range, fail: Fail): string[] {
  const fitting = classes.filter((slug) => {
    const mib = nominalMemoryMib(slug, 0);
    return mib >= memory.min && (memory.max === null || mib <= memory.max);
  });
  if (classes.length > 0 && fitting.length === 0) {
    const sizes = [...new Set(classes.map((slug) => sizeText(nominalMemoryMib(slug, 0))))];
    fail(
      'memory',
      `asks for ${rangeText(memory, sizeText)} of memory, which no card of that name has`,
      `it has ${sizes.join(' or ')}`,
    );
  }
  return fitting;
}

function vendorOf(text: string | undefined, fail: Fail): GpuRequest['vendor'] {
  if (text === undefined) return null;
  const vendor = VENDORS.find((known) => known === text.toLowerCase());
  if (vendor === undefined)
    fail('vendor', `has the vendor "${text}", which is not supported`, `one of ${VENDORS.join(', ')}`);
  return vendor;
}

function classesOf(text: string | undefined, fail: Fail): string[] {
  if (text === undefined) return [];
  const classes = new Set<string>();
  for (const name of text.split(',', CLASSES_MAX + 1)) {
    const found = findClasses(name);
    if (!found.found) {
      fail('name', `has the unknown card "${name.trim().slice(0, 64)}"`, suggestion(name, found.suggestions));
    }
    for (const slug of found.classes) classes.add(slug);
  }
  if (classes.has('cpu')) fail('name', 'has "cpu" as a card', 'leave gpu out to run on a machine without one');
  if (classes.size > CLASSES_MAX)
    fail('name', `names more than ${CLASSES_MAX} classes`, 'give a memory range instead of names');
  return [...classes];
}

function suggestion(name: string, suggestions: string[]): string {
  const [vendor] = nearest(name.trim(), VENDORS);
  const near = vendor === undefined ? suggestions : [vendor, ...suggestions];
  return near.length > 0
    ? `did you mean ${near.join(' or ')}?`
    : `names look like RTX4090, A100 or h100-sxm-80gb; or give memory only: 24GB..`;
}

function memoryOf(text: string | undefined, fail: Fail): Range {
  if (text === undefined) return { min: 0, max: null };
  const range = parseRange(text, parseSizeMib);
  if (range === undefined)
    fail('memory', `has the memory "${text}", which is no range of sizes`, 'write 24GB, 24GB.., ..80GB or 40GB..80GB');
  return range;
}

/** Null for zero devices. */
function countOf(text: string | undefined, fail: Fail): Range | null {
  if (text === undefined) return { min: 1, max: 1 };
  const range = parseIntegerRange(text);
  const number = parseInteger(text);
  if (range === undefined)
    fail('count', `has the count "${text}", which is no range of numbers`, 'write 2, 2.., ..8 or 2..8');
  if (range.max === 0) return null;
  if (range.min > COUNT_MAX || (range.max ?? 0) > COUNT_MAX) {
    const card = number === undefined ? undefined : findClasses(text);
    const hint = card?.found === true ? `did you mean the card ${card.classes[0]}?` : `at most ${COUNT_MAX}`;
    fail('count', `asks for ${text.trim()} devices`, hint);
  }
  return { min: Math.max(1, range.min), max: range.max }; // `..8` is at least one: zero devices is written 0
}

function refuseOtherVendors(vendor: GpuRequest['vendor'], classes: string[], fail: Fail): void {
  if (vendor === null) return;
  const other = classes.find((slug) => {
    const known = gpuClass(slug);
    return known !== undefined && known.vendor !== vendor;
  });
  if (other !== undefined)
    fail('vendor', `asks for ${vendor}, but ${other} is by ${gpuClass(other)!.vendor}`, 'leave the vendor out');
}

function failure(text: string | undefined): Fail {
  return (part, message, hint) => {
    const subject = text === undefined ? 'the GPU request' : `the GPU request "${text.trim().slice(0, 100)}"`;
    throw new CoopError('invalid_spec', `${subject} ${message}`, { hint, ...(part !== null && { at: part }) });
  };
}
