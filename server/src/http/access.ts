import type { KeyScope } from '@gpucoop/protocol/resources.ts';
import type { LimitClass } from './rate-limit.ts';

/**
 * Who may call what: the one table that the server obeys, the OpenAPI page tells and a test walks. A route without a row, or a
 * row without a route, keeps the server from starting.
 *
 * - `anyone`: no key needed, and a bad one does no harm (a stale login must not keep anybody from logging in)
 * - `user`: a key of a user who holds `scope`; whose thing it is, the rooms check
 * - `admin`: an administrator, with a key that holds `admin`
 * - `machine-token`: the request itself carries a join token, or a signature of the machine
 * - `operator`: an administrator, or anybody on this very computer; on a local network everybody is
 */
export type Who = 'anyone' | 'user' | 'admin' | 'machine-token' | 'operator';

export type Access = {
  who: Who;
  scope?: KeyScope;
  /** An Idempotency-Key is needed: twice would be two. `sealed`: as well, and the kept answer is encrypted, for it holds a secret. */
  idempotent: false | true | 'sealed';
  limit: LimitClass;
  /** Suspended users may read and stop, not create. */
  suspended: 'may' | 'may not';
};

const anyone = (limit: LimitClass): Access => ({ who: 'anyone', idempotent: false, limit, suspended: 'may' });
const machine = (limit: LimitClass): Access => ({ who: 'machine-token', idempotent: false, limit, suspended: 'may' });
const admin = (limit: LimitClass, idempotent = false): Access => ({
  who: 'admin',
  scope: 'admin',
  idempotent,
  limit,
  suspended: 'may not',
});
const reads = (scope?: KeyScope, limit: LimitClass = 'read'): Access => ({
  who: 'user',
  ...(scope !== undefined && { scope }),
  idempotent: false,
  limit,
  suspended: 'may',
});
const stops = (scope?: KeyScope): Access => ({ ...reads(scope), limit: 'write' });
const writes = (scope: KeyScope, limit: LimitClass = 'write'): Access => ({
  ...reads(scope, limit),
  suspended: 'may not',
});
const creates = (scope: KeyScope, idempotent: true | 'sealed' = true): Access => ({ ...writes(scope), idempotent });

export const access = {
  'auth.challenge': anyone('login'),
  'auth.login': anyone('login'),
  'auth.logout': stops(),
  me: reads(),
  'keys.create': creates('keys:write', 'sealed'),
  'keys.list': reads('keys:write'),
  'keys.revoke': stops('keys:write'),

  'market.offers': anyone('open'),
  'market.offer': anyone('open'),
  'market.demand': anyone('open'),
  policy: anyone('open'),
  // A quote binds nobody and expires by itself: asked twice it is two, and nothing is lost. So it needs no Idempotency-Key.
  'market.quote': writes('runs:write', 'read'),
  'market.quoteById': reads('runs:read'),

  'runs.place': creates('runs:write'),
  'runs.list': reads('runs:read'),
  'runs.get': reads('runs:read'),
  'runs.stop': stops('runs:write'),
  'runs.extend': creates('runs:write'),
  'runs.events': reads('runs:read', 'stream'),
  'runs.logs': reads('runs:read', 'stream'),
  'runs.stats': reads('runs:read'),
  'runs.readFiles': reads('runs:read', 'stream'),
  'runs.writeFiles': writes('runs:write', 'stream'),
  'runs.exec': writes('runs:write', 'stream'),
  'runs.connect': writes('runs:write', 'stream'),
  'runs.evidence': reads('runs:read'),

  'machines.createJoinToken': creates('machines:write', 'sealed'),
  'machines.list': reads('machines:read'),
  'machines.get': reads('machines:read'),
  'machines.setTerms': writes('machines:write'),
  // A suspended provider may still pause and drain; that nothing of his is offered is the suspension's own doing.
  'machines.setListing': stops('machines:write'),
  'machines.remove': stops('machines:write'),
  'machines.doctor': writes('machines:write'),
  'machines.earnings': reads('machines:read'),
  'machines.enrol': machine('login'),
  'machines.linkChallenge': machine('link'),

  'money.balance': reads('money:read'),
  'money.ledger': reads('money:read'),

  'admin.grant': admin('write', true),
  'admin.suspend': admin('write', true),
  'admin.resume': admin('write'),
  'admin.users': admin('read'),
  'admin.inspect': admin('read'),
  'admin.backup': admin('stream'),

  healthz: anyone('none'),
  readyz: anyone('none'),
  metrics: { who: 'operator', scope: 'admin', idempotent: false, limit: 'none', suspended: 'may not' },
  openapi: anyone('open'),
  docs: anyone('open'),
  'docs.file': anyone('open'),
  front: anyone('open'),
  'join.script': anyone('open'),
  'join.agent': anyone('open'),
  'join.node': anyone('open'),
} as const satisfies Record<string, Access>;

export type RouteId = keyof typeof access;
export const routeIds = Object.keys(access) as RouteId[];
export const accessOf = (id: RouteId): Access => access[id];
