import type { SpecEntry, SpecNode } from './spec-node.ts';

/** What the command line says, as it was typed. Each is named as its flag: `shmSize` is `--shm-size`. */
export type RunFlags = {
  type?: 'task' | 'dev-environment';
  name?: string;
  image?: string;
  gpu?: string;
  cpu?: string;
  memory?: string;
  disk?: string;
  shmSize?: string;
  arch?: string;
  /** `NAME=value`, or `NAME` to take it from the renter's environment. */
  env?: readonly string[];
  port?: readonly string[];
  entrypoint?: string;
  workdir?: string;
  user?: string;
  registryUsername?: string;
  registryPassword?: string;
  maxPrice?: string;
  budget?: string;
  maxDuration?: string;
  retry?: boolean;
  where?: string;
  isolation?: string;
  region?: readonly string[];
  ready?: string;
  stopGrace?: string;
  wait?: boolean;
  /** What stands after `--`: given to the image as it is, not through a shell. */
  command?: readonly string[];
};

/** The flags as a spec: only what was given, each value placed at its flag. */
export function flagsNode(flags: RunFlags): SpecNode {
  return map('', [
    ...text('type', '--type', flags.type),
    ...text('name', '--name', flags.name),
    ...text('image', '--image', flags.image),
    ...list('commands', '--', flags.command?.length ? flags.command : undefined),
    ...text('entrypoint', '--entrypoint', flags.entrypoint),
    ...list('env', '--env', flags.env),
    ...text('working_dir', '--workdir', flags.workdir),
    ...text('user', '--user', flags.user),
    ...list('ports', '--port', flags.port),
    ...group('resources', [
      ...text('gpu', '--gpu', flags.gpu),
      ...text('cpu', '--cpu', flags.cpu),
      ...text('memory', '--memory', flags.memory),
      ...text('disk', '--disk', flags.disk),
      ...text('shm_size', '--shm-size', flags.shmSize),
    ]),
    ...group(
      'registry_auth',
      [
        ...text('username', '--registry-username', flags.registryUsername),
        ...text('password', '--registry-password', flags.registryPassword),
      ],
      '--registry-username',
    ),
    ...text('max_price', '--max-price', flags.maxPrice),
    ...text('max_duration', '--max-duration', flags.maxDuration),
    ...text('retry', '--retry', flags.retry === undefined ? undefined : String(flags.retry)),
    ...list('regions', '--region', flags.region),
    ...group('x-coop', [
      ...text('where', '--where', flags.where),
      ...text('budget', '--budget', flags.budget),
      ...text('isolation', '--isolation', flags.isolation),
      ...text('wait', '--wait', flags.wait === undefined ? undefined : String(flags.wait)),
      ...text('readiness', '--ready', flags.ready),
      ...text('stop_grace', '--stop-grace', flags.stopGrace),
      ...text('architecture', '--arch', flags.arch),
    ]),
  ]);
}

function map(flag: string, entries: SpecEntry[]): SpecNode {
  return { path: flag, at: flag || 'the command line', kind: 'map', entries };
}

function text(key: string, flag: string, value: string | undefined): SpecEntry[] {
  return value === undefined ? [] : [{ key, at: flag, node: { path: flag, at: flag, kind: 'text', text: value } }];
}

function list(key: string, flag: string, values: readonly string[] | undefined): SpecEntry[] {
  if (values === undefined) return [];
  const items = values.map((value): SpecNode => ({ path: flag, at: flag, kind: 'text', text: value }));
  return [{ key, at: flag, node: { path: flag, at: flag, kind: 'list', items } }];
}

function group(key: string, entries: SpecEntry[], flag = ''): SpecEntry[] {
  return entries.length === 0 ? [] : [{ key, at: flag, node: map(flag, entries) }];
}
