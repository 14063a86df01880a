/** Who may import whom. The table of the design as data; `tidy.test.ts` holds every file against it. */

export type RoomRule = {
  /** Rooms whose files may be imported, besides one's own. */
  rooms: readonly string[];
  /** Rules without effects: no clock, random, network or disk, and only these packages. */
  pure?: readonly string[];
  /** Folders of a pure room that have effects all the same, as a driver of a device has. */
  effects?: readonly string[];
};

export const rooms: Readonly<Record<string, RoomRule>> = {
  protocol: { rooms: [], pure: ['zod', 'yaml', '@noble/hashes', '@noble/curves'] },
  policy: { rooms: ['protocol'], pure: ['zod', 'yaml'] },
  proof: { rooms: [], pure: ['@noble/hashes', '@noble/curves'], effects: ['proof/src/provers/', 'proof/src/program/'] },
  contracts: { rooms: ['protocol', 'policy'] },
  sdk: { rooms: ['protocol'] },
  cli: { rooms: ['sdk', 'protocol', 'policy'] }, // sees what any user sees; `coop up` and `coop agent` spawn the other programs
  agent: { rooms: ['sdk', 'protocol'] },
  server: { rooms: ['protocol', 'policy'] },
  test: { rooms: ['protocol', 'policy', 'proof', 'contracts', 'sdk', 'cli', 'agent', 'server', 'tools'] },
  bench: { rooms: ['protocol', 'policy', 'proof', 'contracts', 'sdk', 'cli', 'agent', 'server', 'test'] },
  tools: { rooms: ['protocol', 'policy', 'contracts', 'cli', 'server', 'test'] },
};

/** Rooms of the server from the bottom up: each may import those before it. */
export const serverRooms = [
  'db',
  'ledger',
  'evidence',
  'users',
  'gateway',
  'machines',
  'market',
  'runs',
  'http',
] as const;

/** Files beside the rooms that every room may import; all others there put the rooms together and are imported by none. */
export const serverGround = [
  'clock.ts',
  'config.ts',
  'ids.ts',
  'log.ts',
  'metrics.ts',
  'network-keys.ts',
  'rooms.ts',
  'tls.ts',
] as const;

/** A package, and the only folders whose files may import it. */
export const packageOwners: Readonly<Record<string, readonly string[]>> = {
  viem: ['server/src/chain/', 'contracts/src/', 'bench/src/'],
  hardhat: ['contracts/'],
  pg: ['server/src/db/', 'test/support/'],
  '@electric-sql/pglite': ['server/src/db/', 'test/support/'],
  kysely: ['server/src/', 'test/', 'bench/', 'tools/'],
  dockerode: ['agent/src/engine/', 'test/'],
};

/** Money moves only here: no other file may name these tables in SQL. */
export const moneyTables = ['accounts', 'transfers'] as const;
export const moneyFolders = ['server/src/ledger/', 'server/src/db/', 'test/', 'bench/'] as const;

/** Started as programs, so nothing imports them. */
export const entryPoints: readonly (string | RegExp)[] = [
  'server/src/main.ts',
  'agent/src/main.ts',
  'cli/src/main.ts',
  'bench/src/main.ts',
  'proof/src/program/main.ts',
  'vitest.config.ts',
  'contracts/hardhat.config.ts',
  /^tools\/[a-z-]+\.ts$/,
  /\.test\.ts$/,
];

/** Beside the code, and used by tests only. Others belong into a folder `testing/`. */
export const onlyForTests: Readonly<Record<string, string>> = {
  'agent/src/engine/test-bed.ts': 'one contract for all engines',
  'contracts/src/artifacts.ts': 'compiles on demand for the tests; deployment will use it too',
  'cli/src/reference-page.ts': 'the page of all commands, which its test writes and holds against them',
  'protocol/src/statement.ts': 'what a meter signs for Escrow; the server will, once it draws on lanes',
  'protocol/src/typed-data.ts': 'digests of EIP-712, of statements so far',
  'server/src/ledger/crash-child.ts': 'a program that a test kills',
  'server/src/market/sample-supply.ts': 'offers to match against',
  'server/src/runs/recompute.ts':
    'recomputes every charge from evidence, against which tests and drills hold the ledger',
};

export const LINES_MAX = 400;
/** Longer files, each with the reason for which it is not two. */
export const longFiles: Readonly<Record<string, string>> = {
  'server/src/runs/market.property.test.ts': 'one model of the whole market; a step alone says nothing',
  'test/hostile-agent.test.ts': 'one list of lies over one network',
  'protocol/src/resources.ts': 'all things of the API, in one list',
  'server/src/db/rows.ts': 'generated from the migrations',
  'server/src/gateway/links.test.ts': 'one agent on the real wire, and all that it may do wrong',
};
