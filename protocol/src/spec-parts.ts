import { parseExpression } from './expression.ts';
import { gpuRequestFrom, parseGpuRequest } from './gpu-request.ts';
import { gpuKeys, gpuKeysNotYet, type ResourceKey } from './spec-keys.ts';
import type { SpecNode } from './spec-node.ts';
import {
  optional,
  placed,
  readChoice,
  readCountRange,
  readDuration,
  readFlag,
  readInteger,
  readItems,
  readMap,
  readMatching,
  readSize,
  readSizeRange,
  readText,
  readTexts,
  refuse,
} from './spec-read.ts';
import { retryEvents, specDefaults, type GpuRequest, type ReadinessProbe, type Resources, type Spec } from './spec.ts';

/** The compound keys of a spec, one reader each. */

const LONGEST_S = 365 * 86_400;
const RETRY_DURATION_S = 3600; // dstack's, when only `retry: true` is written

export type ResourceFields = Map<ResourceKey, SpecNode>;

export function readRegistryAuth(node: SpecNode): { username: string; password: string } {
  const fields = readMap(node, ['username', 'password']);
  const read = (key: 'username' | 'password') => {
    const value = fields.get(key) ?? refuse(node, `has no ${key}`, 'give username and password');
    const text = readText(value);
    return text.includes('${{')
      ? refuse(
          value,
          'references like ${{ … }} are not supported yet',
          'give the credentials on the command line instead',
        )
      : text;
  };
  return { username: read('username'), password: read('password') };
}

export function readPorts(node: SpecNode | undefined): number[] {
  if (node === undefined) return [];
  const ports = readItems(node, 32, true).map((item) => {
    if (readText(item).includes(':'))
      refuse(
        item,
        'ports are not mapped in the spec',
        'write the port in the container; choose the local one with coop port',
      );
    return readInteger(item, 1, 65_535);
  });
  return new Set(ports).size === ports.length ? ports : refuse(node, 'names a port twice', 'remove one of the two');
}

export function readResources(fields: ResourceFields, architectureNode: SpecNode | undefined): Resources {
  const defaults = specDefaults.resources;
  const cpu = readCpu(fields.get('cpu'));
  const architecture = optional(architectureNode, (node) => readArchitecture(node, readText(node)));
  if (cpu.architecture !== null && architecture !== null && cpu.architecture !== architecture) {
    refuse(architectureNode!, `is ${architecture}, but resources.cpu says ${cpu.architecture}`, 'keep one of the two');
  }
  return {
    gpu: optional(fields.get('gpu'), readGpu),
    cpus: cpu.cpus,
    memory_mib:
      optional(fields.get('memory'), (node) => readSizeRange(node, defaults.memory_mib.min)) ?? defaults.memory_mib,
    disk_mib: optional(fields.get('disk'), readDisk) ?? defaults.disk_mib,
    shm_mib: optional(fields.get('shm_size'), readSize),
    architecture: cpu.architecture ?? architecture,
  };
}

function readGpu(node: SpecNode): GpuRequest | null {
  if (node.kind !== 'map') return placed(node, () => parseGpuRequest(readText(node)));
  const fields = readMap(node, gpuKeys, { notYet: gpuKeysNotYet });
  const text = (key: 'vendor' | 'memory' | 'count') => {
    const value = fields.get(key);
    return value === undefined ? {} : { [key]: readText(value) };
  };
  const name = fields.get('name');
  const names = name === undefined ? {} : { name: readTexts(name, { items: 32, characters: 256 }, true) };
  return placed(node, () => gpuRequestFrom({ ...text('vendor'), ...names, ...text('memory'), ...text('count') }));
}

/** `4..`, dstack's `arm:4..` and `x86:2`, or {arch, count}. */
function readCpu(node: SpecNode | undefined): { cpus: Resources['cpus']; architecture: Resources['architecture'] } {
  const least = specDefaults.resources.cpus;
  if (node === undefined) return { cpus: least, architecture: null };
  if (node.kind === 'map') {
    const fields = readMap(node, ['arch', 'count']);
    return {
      cpus: optional(fields.get('count'), (count) => readCountRange(count, readText(count), least.min)) ?? least,
      architecture: optional(fields.get('arch'), (arch) => readArchitecture(arch, readText(arch))),
    };
  }
  const [first, ...rest] = readText(node).split(':');
  if (rest.length === 0) return { cpus: readCountRange(node, first!, least.min), architecture: null };
  return { cpus: readCountRange(node, rest.join(':'), least.min), architecture: readArchitecture(node, first!) };
}

function readArchitecture(node: SpecNode, text: string): 'amd64' | 'arm64' {
  if (['amd64', 'x86', 'x86_64'].includes(text)) return 'amd64';
  if (['arm64', 'arm', 'aarch64'].includes(text)) return 'arm64';
  return refuse(node, `"${text.slice(0, 60)}" is no processor architecture`, 'amd64 (x86) or arm64 (arm)');
}

function readDisk(node: SpecNode): Resources['disk_mib'] {
  const least = specDefaults.resources.disk_mib.min;
  if (node.kind !== 'map') return readSizeRange(node, least);
  const size = readMap(node, ['size']).get('size') ?? refuse(node, 'has no size', 'write disk: 100GB');
  return readSizeRange(size, least);
}

/** `started`, `tcp:8000`, `http:8000/health`, or the maps {tcp: 8000} and {http: 8000, path: /health}. */
export function readReadiness(node: SpecNode | undefined): ReadinessProbe {
  if (node === undefined) return specDefaults.readiness;
  if (node.kind === 'map') {
    const fields = readMap(node, ['tcp', 'http', 'path']);
    const [tcp, http, path] = [fields.get('tcp'), fields.get('http'), fields.get('path')];
    if ((tcp === undefined) === (http === undefined))
      refuse(node, 'must name one port, as tcp or as http', 'write {tcp: 8000}');
    if (http !== undefined)
      return { kind: 'http', port: readInteger(http, 1, 65_535), path: optional(path, readProbePath) ?? '/' };
    if (path !== undefined) refuse(path, 'only an http probe has a path', 'write {http: 8000, path: /health}');
    return { kind: 'tcp', port: readInteger(tcp!, 1, 65_535) };
  }
  const text = readText(node);
  const match = /^(started)$|^(tcp|http):(\d{1,5})(\/\S*)?$/.exec(text);
  const port = Number(match?.[3] ?? 1);
  if (!match || port < 1 || port > 65_535 || (match[2] === 'tcp' && match[4] !== undefined)) {
    return refuse(node, `"${text.slice(0, 60)}" is no readiness probe`, 'write started, tcp:8000 or http:8000/health');
  }
  if (match[1] !== undefined) return { kind: 'started' };
  return match[2] === 'tcp' ? { kind: 'tcp', port } : { kind: 'http', port, path: match[4] ?? '/' };
}

function readProbePath(node: SpecNode): string {
  return readMatching(node, /^\/\S*$/, 'path', 'begin with /');
}

export function readRetry(node: SpecNode): Spec['retry'] {
  if (node.kind === 'text')
    return readFlag(node) ? { on_events: [...retryEvents], duration_s: RETRY_DURATION_S } : null;
  const fields = readMap(node, ['on_events', 'duration']);
  const events = optional(fields.get('on_events'), (list) =>
    readItems(list, 8).map((item) => readChoice(item, retryEvents)),
  );
  return {
    on_events: events === null ? [...retryEvents] : [...new Set(events)],
    duration_s:
      optional(fields.get('duration'), (value) => readDuration(value, 1, LONGEST_S, LONGEST_S)) ?? RETRY_DURATION_S,
  };
}

export function readUtilizationPolicy(node: SpecNode): Spec['utilization_policy'] {
  const fields = readMap(node, ['min_gpu_utilization', 'time_window']);
  const value = (key: 'min_gpu_utilization' | 'time_window') =>
    fields.get(key) ?? refuse(node, `has no ${key}`, 'give min_gpu_utilization and time_window');
  return {
    min_gpu_utilization: readInteger(value('min_gpu_utilization'), 0, 100),
    time_window_s: readDuration(value('time_window'), 60, LONGEST_S),
  };
}

export function readWhere(node: SpecNode): string {
  const text = readText(node, 2000);
  placed(node, () => parseExpression(text));
  return text;
}

export function readRegions(node: SpecNode): string[] {
  return readTexts(node, { items: 64, characters: 64 }, true);
}
