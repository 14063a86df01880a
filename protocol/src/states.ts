/** Every state machine of the network, as data. Server, CLI and tests read the same tables; no state is without an exit. */

export const leaseTransitions = {
  /** Slice reserved and hold placed; the agent has not been asked yet. */
  reserved: ['preparing', 'stopping', 'ended'],
  /** The agent pulls, creates, starts and probes. Not billed. */
  preparing: ['running', 'unknown', 'stopping', 'ended'],
  /** The readiness probe has passed: billed. */
  running: ['unknown', 'stopping', 'ended'],
  /** The agent is silent: not billed, not killed. */
  unknown: ['preparing', 'running', 'stopping', 'ended'],
  /** Asked to stop; the engine's finish time is awaited. */
  stopping: ['ended'],
  ended: [],
} as const satisfies Record<string, readonly string[]>;

export type LeaseState = keyof typeof leaseTransitions;
export const leaseStates = Object.keys(leaseTransitions) as [LeaseState, ...LeaseState[]];

export const runTransitions = {
  /** No lease: waits for an offer (`--wait`, or a retry after an interruption). */
  queued: ['starting', 'ended'],
  starting: ['running', 'unknown', 'queued', 'stopping', 'ended'],
  running: ['unknown', 'queued', 'stopping', 'ended'],
  unknown: ['starting', 'running', 'queued', 'stopping', 'ended'],
  stopping: ['ended'],
  ended: [],
} as const satisfies Record<string, readonly string[]>;

export type RunState = keyof typeof runTransitions;
export const runStates = Object.keys(runTransitions) as [RunState, ...RunState[]];

/** What the provider wants of the machine. */
export const listingTransitions = {
  listed: ['paused', 'draining', 'removed'],
  paused: ['listed', 'draining', 'removed'],
  /** Leases get notice and end; nothing new starts. */
  draining: ['listed', 'paused', 'removed'],
  removed: [],
} as const satisfies Record<string, readonly string[]>;

export type MachineListing = keyof typeof listingTransitions;
export const machineListings = Object.keys(listingTransitions) as [MachineListing, ...MachineListing[]];

/** What the server sees of the machine: silence is *unknown* before it is *lost*. */
export const presenceTransitions = {
  enrolled: ['online'],
  online: ['unknown'],
  unknown: ['online', 'lost'],
  lost: ['online'],
} as const satisfies Record<string, readonly string[]>;

export type MachinePresence = keyof typeof presenceTransitions;
export const machinePresences = Object.keys(presenceTransitions) as [MachinePresence, ...MachinePresence[]];

export const holdTransitions = {
  pending: ['posted', 'released'],
  posted: [],
  released: [],
} as const satisfies Record<string, readonly string[]>;

export type HoldState = keyof typeof holdTransitions;

export const quoteTransitions = {
  open: ['accepted', 'expired'],
  accepted: [],
  expired: [],
} as const satisfies Record<string, readonly string[]>;

export type QuoteState = keyof typeof quoteTransitions;

/** True when `to` may follow `from`; staying where one is changes nothing and is always allowed. */
export function mayMove<State extends string>(
  table: Record<State, readonly string[]>,
  from: State,
  to: State,
): boolean {
  return from === to || table[from].includes(to);
}
