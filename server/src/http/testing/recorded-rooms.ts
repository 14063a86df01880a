import { PassThrough, Readable, type Duplex } from 'node:stream';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { LogLine, Run, RunEvent } from '@gpucoop/protocol/resources.ts';
import type { Rooms } from '../../rooms.ts';

export type Recorded = { call: string; userId: string | null; args: unknown[] };
const joinToken = {
  token: 'jtk_0123456789abcdefghjkmnpqrs',
  expires_at: '2026-01-01T01:00:00.000Z',
  command: 'curl join.sh | sh',
};

export type RecordedRooms = { rooms: Rooms; calls: Recorded[]; belongsTo(thingId: string, ...userIds: string[]): void };

/**
 * The edge of the HTTP room: rooms that write down what they were asked and know whose thing is whose. What a test wants them to
 * do besides, it gives as `over`.
 */
export function recordedRooms(over: Overrides = {}): RecordedRooms {
  const calls: Recorded[] = [];
  const owners = new Map<string, string[]>();
  const owned = (userId: string, thingId: string) => {
    if (owners.get(thingId)?.includes(userId) !== true) throw new CoopError('not_found', `There is no ${thingId}.`);
  };
  const note = (call: string, userId: string | null, args: unknown[]) => void calls.push({ call, userId, args });
  const of =
    <Value>(call: string, value: Value) =>
    (userId: string, ...args: unknown[]) => {
      note(call, userId, args);
      return Promise.resolve(value);
    };
  const ofThing =
    <Value>(call: string, value: () => Value) =>
    async (userId: string, thingId: string, ...args: unknown[]) => {
      owned(userId, thingId);
      note(call, userId, [thingId, ...args]);
      return value();
    };
  const page = { items: [], next_cursor: null };
  const run = () => ({ id: 'run_1', name: 'calm-fox', state: 'running' }) as Run;
  const thing = <Value>() => ({ id: 'thing' }) as Value;

  async function* nothing<Item>(): AsyncGenerator<Item> {}
  const rooms: Rooms = {
    market: {
      offers: async (query) => (note('market.offers', null, [query]), page),
      offer: async (id) => (note('market.offer', null, [id]), thing()),
      demand: async () => (note('market.demand', null, []), []),
      quote: of('market.quote', thing()),
      quoteById: ofThing('market.quoteById', thing<never>),
      ...over.market,
    },
    runs: {
      place: of('runs.place', run()),
      list: of('runs.list', page),
      get: async (userId, id) => (owned(userId, id), run()),
      stop: ofThing('runs.stop', run),
      extend: ofThing('runs.extend', run),
      events: (userId, runId, after) => (note('runs.events', userId, [runId, after]), nothing<RunEvent>()),
      logs: (userId, runId, query) => (note('runs.logs', userId, [runId, query]), nothing<LogLine>()),
      exec: ofThing('runs.exec', () => new PassThrough() as Duplex),
      readFiles: ofThing('runs.readFiles', () => Readable.from([Buffer.from('tar')])),
      writeFiles: async (userId, runId, path, tar) => {
        owned(userId, runId);
        note('runs.writeFiles', userId, [runId, path]);
        for await (const _ of tar);
      },
      stats: ofThing('runs.stats', thing<never>),
      connect: ofThing('runs.connect', () => new PassThrough() as Duplex),
      ...over.runs,
    },
    machines: {
      list: of('machines.list', page),
      get: ofThing('machines.get', thing<never>),
      setTerms: ofThing('machines.setTerms', thing<never>),
      setListing: ofThing('machines.setListing', thing<never>),
      remove: ofThing('machines.remove', thing<never>),
      doctor: ofThing('machines.doctor', () => []),
      earnings: ofThing('machines.earnings', thing<never>),
      createJoinToken: of('machines.createJoinToken', joinToken),
      enrol: async (request) => (note('machines.enrol', null, [request]), thing()),
      ...over.machines,
    },
    money: { balance: of('money.balance', thing()), ledger: of('money.ledger', page), ...over.money },
    evidence: { ofRun: ofThing('runs.evidence', () => page), ...over.evidence },
    admin: {
      grant: of('admin.grant', thing()),
      suspend: of('admin.suspend', undefined),
      resume: of('admin.resume', undefined),
      users: async (query) => (note('admin.users', null, [query]), page),
      inspect: async () => (note('admin.inspect', null, []), { assets: [], problems: [], counts: {} }),
      backup: async () => (note('admin.backup', null, []), Readable.from([Buffer.from('archive')])),
      ...over.admin,
    },
  };
  return { rooms, calls, belongsTo: (thingId, ...userIds) => void owners.set(thingId, userIds) };
}

export type Overrides = { [Room in keyof Rooms]?: Partial<Rooms[Room]> };
