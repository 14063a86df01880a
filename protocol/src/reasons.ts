/**
 * Why a lease ended. Each reason has a sentence for a person, a retry class (dstack's words), and says whose doing it was:
 * a provider's reliability counts only what is the provider's.
 */

export type RetryClass = 'never' | 'no-capacity' | 'interruption' | 'error';
export type Doing = 'renter' | 'provider' | 'network' | 'nobody';

type Reason = { sentence: string; retry: RetryClass; doing: Doing };

export const endReasons = {
  completed: { sentence: 'The command finished.', retry: 'never', doing: 'renter' },
  command_failed: { sentence: 'The command ended with an error.', retry: 'error', doing: 'renter' },
  stopped_by_renter: { sentence: 'You stopped it.', retry: 'never', doing: 'renter' },
  budget_reached: { sentence: 'The budget of the run was used up.', retry: 'never', doing: 'renter' },
  credit_exhausted: { sentence: 'There was no credit left for the next hour.', retry: 'never', doing: 'renter' },
  expired: { sentence: 'The run reached its longest duration.', retry: 'never', doing: 'renter' },
  idle: { sentence: 'The device stayed idle longer than the spec allows.', retry: 'never', doing: 'renter' },
  suspended: { sentence: 'An administrator suspended the account or the machine.', retry: 'never', doing: 'network' },
  command_not_found: { sentence: 'The image has no such command.', retry: 'never', doing: 'renter' },
  image_not_found: { sentence: 'The registry has no such image.', retry: 'never', doing: 'renter' },
  image_auth_failed: {
    sentence: 'The registry refused the credentials for the image.',
    retry: 'never',
    doing: 'renter',
  },
  image_pull_failed: { sentence: 'The image could not be pulled.', retry: 'no-capacity', doing: 'nobody' },
  out_of_memory: { sentence: 'The workload used more memory than it rented.', retry: 'error', doing: 'renter' },
  disk_full: { sentence: 'The workload used more disk than it rented.', retry: 'error', doing: 'renter' },
  start_timeout: { sentence: 'The container did not start in time.', retry: 'no-capacity', doing: 'provider' },
  probe_timeout: { sentence: 'The workload did not become ready in time.', retry: 'error', doing: 'renter' },
  device_unavailable: { sentence: 'A rented device was no longer there.', retry: 'no-capacity', doing: 'provider' },
  agent_unreachable: {
    sentence: 'The machine did not answer when the lease was to start.',
    retry: 'no-capacity',
    doing: 'provider',
  },
  agent_refused: { sentence: 'The machine refused the lease.', retry: 'no-capacity', doing: 'provider' },
  engine_unavailable: {
    sentence: 'The container engine of the machine did not work.',
    retry: 'no-capacity',
    doing: 'provider',
  },
  engine_restarted: {
    sentence: 'The container engine was restarted and ended the container.',
    retry: 'interruption',
    doing: 'provider',
  },
  container_vanished: {
    sentence: 'The container was removed on the machine.',
    retry: 'interruption',
    doing: 'provider',
  },
  machine_lost: { sentence: 'The machine was silent for too long.', retry: 'interruption', doing: 'provider' },
  provider_drained: {
    sentence: 'The provider took the machine off the market, with notice.',
    retry: 'interruption',
    doing: 'provider',
  },
  provider_stopped: { sentence: 'The provider ended the lease.', retry: 'interruption', doing: 'provider' },
  internal: { sentence: 'Coop failed; this is a defect of ours.', retry: 'no-capacity', doing: 'network' },
} as const satisfies Record<string, Reason>;

export type EndReason = keyof typeof endReasons;
export const endReasonCodes = Object.keys(endReasons) as [EndReason, ...EndReason[]];

/** Why an offer does not serve a spec, in the order in which matching asks. */
export const noMatchReasons = {
  machine_offline: 'machine not online',
  not_listed: 'machine paused or draining',
  quiet_hours: "in the provider's quiet hours",
  owner_busy: 'used by its owner now',
  class: 'another device class',
  vram: 'too little device memory',
  devices: 'too few devices',
  cpus: 'too few CPUs',
  memory: 'too little memory',
  disk: 'too little disk',
  architecture: 'another processor architecture',
  isolation: 'weaker isolation than asked for',
  term: 'does not lease for that long',
  where: 'does not meet --where',
  price: 'too dear',
  rented: 'rented out now',
} as const satisfies Record<string, string>;

export type NoMatchReason = keyof typeof noMatchReasons;
export const noMatchCodes = Object.keys(noMatchReasons) as [NoMatchReason, ...NoMatchReason[]];
