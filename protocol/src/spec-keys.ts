/** The keys of a spec file, and the keys of dstack that Coop does not serve yet, with what to do instead. */

export const topKeys = [
  'type',
  'name',
  'image',
  'commands',
  'entrypoint',
  'env',
  'working_dir',
  'user',
  'ports',
  'resources',
  'registry_auth',
  'max_price',
  'max_duration',
  'retry',
  'utilization_policy',
  'spot_policy',
  'regions',
  'x-coop',
] as const;
export type TopKey = (typeof topKeys)[number];

export const coopKeys = [
  'where',
  'budget',
  'isolation',
  'wait',
  'readiness',
  'stop_grace',
  'regions',
  'retry',
  'architecture',
] as const;
export type CoopKey = (typeof coopKeys)[number];

export const resourceKeys = ['gpu', 'cpu', 'memory', 'disk', 'shm_size'] as const;
export type ResourceKey = (typeof resourceKeys)[number];
export const gpuKeys = ['vendor', 'name', 'memory', 'count'] as const;

const REMOVE = 'remove it; the run will do without';
const SERVICE = 'services are not served yet; a task can listen on a port and be reached with coop port';
const CAPACITY = 'where to run is chosen with x-coop.where, for example region=eu or price<0.5';

export const topKeysNotYet: Readonly<Record<string, string>> = {
  python: 'name an image that has it, for example image: python:3.12',
  nvcc: 'name an image that has it, for example a cuda devel image',
  shell: 'commands run in /bin/sh; for another shell write entrypoint: [bash, -c]',
  docker: 'docker inside a lease is not offered',
  privileged: 'no lease is privileged',
  volumes: 'a lease has its own disk; copy files with coop cp',
  files: 'copy files with coop cp once the run has started',
  repos: 'clone in commands, or put the code into the image',
  nodes: 'a run has one machine; start several runs',
  groups: 'a run has one machine; start several runs',
  priority: REMOVE,
  ide: 'remove it; open a shell with coop exec -it, or let your editor attach',
  init: 'for a dev-environment put this into the image, or run it with coop exec',
  setup: 'put it first in commands',
  inactivity_duration: 'use utilization_policy or max_duration',
  stop_duration: 'use x-coop.stop_grace',
  idle_duration: 'nothing stays rented after a run',
  creation_policy: REMOVE,
  startup_order: REMOVE,
  stop_criteria: REMOVE,
  schedule: 'call coop apply from your own scheduler',
  backends: CAPACITY,
  availability_zones: CAPACITY,
  instance_types: CAPACITY,
  instances: CAPACITY,
  reservation: CAPACITY,
  fleets: CAPACITY,
  backend_options: CAPACITY,
  tags: 'use name',
  home_dir: 'use working_dir',
  services: SERVICE,
  port: 'write it as a list: ports: [8000]',
  gateway: SERVICE,
  model: SERVICE,
  https: SERVICE,
  auth: SERVICE,
  scaling: SERVICE,
  rate_limits: SERVICE,
  probes: 'use x-coop.readiness, for example tcp:8000',
  replicas: SERVICE,
  strip_prefix: SERVICE,
};

export const gpuKeysNotYet: Readonly<Record<string, string>> = {
  total_memory: 'give memory per device, and count',
  compute_capability: 'name the cards that have it',
};

export const typesNotYet: Readonly<Record<string, string>> = {
  service: SERVICE,
  render: 'frames are not split up yet; run one task per range of frames',
  fleet: 'machines are enrolled by their providers: coop machine add',
  volume: 'a lease has its own disk; copy files with coop cp',
  gateway: SERVICE,
};

/** Keys of ours that people will look for at the top. */
export const movedKeys: Readonly<Record<string, string>> = {
  where: 'it belongs under x-coop',
  budget: 'it belongs under x-coop',
  isolation: 'it belongs under x-coop',
  wait: 'it belongs under x-coop',
  readiness: 'it belongs under x-coop',
  stop_grace: 'it belongs under x-coop',
  gpu: 'it belongs under resources',
  cpu: 'it belongs under resources',
  memory: 'it belongs under resources',
  disk: 'it belongs under resources',
  shm_size: 'it belongs under resources',
  command: 'write a list: commands: [ ... ]',
  environment: 'it is called env',
};
