import type { Duplex, Readable } from 'node:stream';
import { execHeader, LeaseStats, type ExecRequest } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { LogLine } from '@gpucoop/protocol/resources.ts';
import type { AgentRequests } from '../gateway/agent-requests.ts';
import type { LinkTo } from '../peers/link-to.ts';
import type { LogQuery } from '../rooms.ts';
import type { Bell } from './events.ts';
import type { Db, LeaseRow } from './store.ts';

/** What a renter does inside a lease, through the link of its machine, whichever server has it: logs, exec, files, ports. */
export type ReachDeps = { db: Db; linkTo: LinkTo; bell: Bell };

const WAIT_MS = 2000;
const REST_MS = 200;
const UPLOAD_MS = 6 * 3_600_000; // the agent itself cuts an upload that stands still
const LOG_LINE_BYTES_MAX = 2 * 1024 * 1024;

/**
 * Log lines of a run, lease after lease. With `follow` it waits for the first container, survives a link that breaks (it resumes
 * after the last line given), goes on with the next lease of a retried run, and ends when the run has ended.
 */
export async function* runLogs(
  deps: ReachDeps,
  runId: string,
  query: LogQuery,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  let after = query.after;
  let { tail } = query;
  let finished: string | undefined;
  while (!signal.aborted) {
    const woken = new AbortController();
    const rung = deps.bell.wait(runId, WAIT_MS, AbortSignal.any([signal, woken.signal])); // before the look: no ring is missed
    const lease = await currentLease(deps.db, runId, query.lease_id);
    const link = lease && (await deps.linkTo(lease.machine_id).catch(unlinked));
    const begun = lease !== undefined && lease.receipt_at !== null && lease.state !== 'reserved';
    if (lease !== undefined && link !== undefined && !(link instanceof CoopError) && begun && lease.id !== finished) {
      woken.abort();
      const ended = lease.state === 'ended';
      const whole = yield* leaseLogs(link, lease.id, { after, tail, follow: query.follow && !ended }, signal, (seq) => {
        after = seq;
        tail = null;
      });
      if (ended && whole) finished = lease.id;
    }
    if (!query.follow) {
      if (link instanceof CoopError) throw link;
      return;
    }
    const over = await deps.db.selectFrom('runs').select('state').where('id', '=', runId).executeTakeFirst();
    const unreadable = lease === undefined || link instanceof CoopError || lease.removed_at !== null || !begun;
    if (over?.state === 'ended' && (finished === lease?.id || unreadable)) return;
    // Once it was read, a short rest: what was rung while it was read says nothing of what comes next.
    await (woken.signal.aborted ? deps.bell.wait(runId, REST_MS, signal) : rung);
  }
}

/** That there is no link now is an answer to look at; anything else is not. */
function unlinked(error: unknown): CoopError {
  if (error instanceof CoopError && error.code === 'machine_unreachable') return error;
  throw error;
}

/** True when the agent gave all there was; false when the link broke. */
async function* leaseLogs(
  link: AgentRequests,
  leaseId: string,
  query: { after: number | null; tail: number | null; follow: boolean },
  signal: AbortSignal,
  given: (seq: number) => void,
): AsyncGenerator<LogLine, boolean> {
  const parameters = new URLSearchParams();
  if (query.after !== null) parameters.set('after', String(query.after));
  if (query.tail !== null) parameters.set('tail', String(query.tail));
  if (query.follow) parameters.set('follow', '1');
  let stream: Duplex | undefined;
  const abort = (): void => void stream?.destroy();
  try {
    ({ stream } = await link.openStream('GET', `/v1/leases/${leaseId}/logs?${parameters.toString()}`));
    stream.end();
    signal.addEventListener('abort', abort, { once: true });
    for await (const text of linesOf(stream)) {
      const line = LogLine.safeParse(parseJson(text));
      if (!line.success) continue; // the agent is not trusted: what is no log line is not shown
      given(line.data.seq);
      yield line.data;
    }
    return !signal.aborted && stream.readableEnded && !stream.errored;
  } catch (error) {
    if (error instanceof CoopError && (error.code === 'machine_unreachable' || error.code === 'timeout')) return false;
    if (error instanceof CoopError && error.code === 'not_found') return true;
    // No container yet: one who follows waits for it. One that ended before it had a container never wrote anything.
    if (error instanceof CoopError && error.code === 'wrong_state') return !query.follow;
    if (error instanceof CoopError) throw error;
    return false; // the stream broke with the link: the caller resumes
  } finally {
    signal.removeEventListener('abort', abort);
    stream?.destroy();
  }
}

/** Never more than one line is kept, whatever the machine sends: it is read no faster than it is taken. */
async function* linesOf(stream: Duplex): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let rest = chunk;
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      yield Buffer.concat([...pending, rest.subarray(0, at)]).toString('utf8');
      pending = [];
      bytes = 0;
      rest = rest.subarray(at + 1);
    }
    if (rest.length > 0) pending.push(rest);
    bytes += rest.length;
    if (bytes > LOG_LINE_BYTES_MAX)
      throw new CoopError('payload_too_large', 'The machine sent a log line that is too long.');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A command in the container; frames both ways. */
export async function exec(deps: ReachDeps, runId: string, request: ExecRequest): Promise<Duplex> {
  const { lease, link } = await liveLease(deps, runId);
  const headers = { 'x-coop-exec': execHeader(request) };
  return (await link.openStream('POST', `/v1/leases/${lease.id}/exec`, { headers })).stream;
}

/** A tar of a path. Works for 24 h after the end too: the container is stopped, not gone. */
export async function readFiles(deps: ReachDeps, runId: string, path: string): Promise<Readable> {
  const { lease, link } = await keptLease(deps, runId);
  const { stream } = await link.openStream('GET', `/v1/leases/${lease.id}/files?path=${encodeURIComponent(path)}`);
  stream.end();
  return stream;
}

export async function writeFiles(deps: ReachDeps, runId: string, path: string, tar: Readable): Promise<void> {
  const { lease, link } = await keptLease(deps, runId);
  await link.request('PUT', `/v1/leases/${lease.id}/files?path=${encodeURIComponent(path)}`, {
    body: tar,
    timeoutMs: UPLOAD_MS,
  });
}

export async function stats(deps: ReachDeps, runId: string): Promise<LeaseStats> {
  const { lease, link } = await liveLease(deps, runId);
  return link.request('GET', `/v1/leases/${lease.id}/stats`, { answer: LeaseStats, timeoutMs: 10_000 });
}

export async function connect(deps: ReachDeps, runId: string, port: number): Promise<Duplex> {
  const { lease, link } = await liveLease(deps, runId);
  return (await link.openStream('POST', `/v1/leases/${lease.id}/connect?port=${port}`)).stream;
}

async function liveLease(deps: ReachDeps, runId: string): Promise<{ lease: LeaseRow; link: AgentRequests }> {
  const lease = await currentLease(deps.db, runId, null);
  if (lease?.state !== 'running' && lease?.state !== 'unknown') {
    const state = lease?.state ?? 'waiting for a machine';
    throw new CoopError('wrong_state', `The run is not running now: it is ${state}.`, {
      hint: 'coop ps shows when it is ready.',
    });
  }
  return { lease, link: await deps.linkTo(lease.machine_id) };
}

async function keptLease(deps: ReachDeps, runId: string): Promise<{ lease: LeaseRow; link: AgentRequests }> {
  const lease = await currentLease(deps.db, runId, null);
  if (lease === undefined || lease.receipt_at === null)
    throw new CoopError('wrong_state', 'The run has no container yet.');
  if (lease.removed_at !== null) throw new CoopError('wrong_state', 'The container and its files have been removed.');
  return { lease, link: await deps.linkTo(lease.machine_id) };
}

async function currentLease(db: Db, runId: string, leaseId: string | null): Promise<LeaseRow | undefined> {
  return db
    .selectFrom('leases')
    .selectAll()
    .where('run_id', '=', runId)
    .$if(leaseId !== null, (query) => query.where('id', '=', leaseId ?? ''))
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}
