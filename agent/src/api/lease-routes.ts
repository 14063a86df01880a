import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LeaseOrder, StopRequest } from '@gpucoop/protocol/agent-api.ts';
import { isId } from '@gpucoop/protocol/ids.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Lease } from '../lease.ts';
import type { ApiDependencies, Call, Route } from './api.ts';
import { answerJson, readJson } from './bodies.ts';
import { runExec } from './exec-stream.ts';
import { streamLogs } from './log-stream.ts';
import { closeWhenIdle, within } from './limits.ts';

const ANSWER_MS = 10_000;
const FILES_MS = 60_000;
const IDLE_MS = 10 * 60_000;

const on = (tail: string) => new RegExp(`^/v1/leases/([^/]+)${tail}$`);

export function leaseRoutes(deps: ApiDependencies): Route[] {
  const { leases, engine } = deps;
  return [
    { method: 'GET', path: /^\/v1\/leases$/, handle: async ({ stream }) => answerJson(stream, leases.reports()) },
    {
      method: 'PUT',
      path: on(''),
      handle: async ({ stream, parts }) => {
        const order = await readJson(stream, LeaseOrder);
        if (order.lease_id !== parts[0] || !isId('lease', order.lease_id)) {
          throw new CoopError('invalid_request', 'The lease id of path and body must be one and the same.', {
            at: 'lease_id',
          });
        }
        answerJson(stream, await leases.put(order));
      },
    },
    {
      method: 'DELETE',
      path: on(''),
      handle: async ({ stream, parts }) => {
        await leases.remove(parts[0]!);
        answerJson(stream, {});
      },
    },
    {
      method: 'POST',
      path: on('/stop'),
      handle: async ({ stream, parts }) => {
        const { reason, grace_s } = await readJson(stream, StopRequest);
        answerJson(stream, await leases.stop(parts[0]!, reason, grace_s));
      },
    },
    {
      method: 'GET',
      path: on('/logs'),
      handle: ({ stream, parts, query }) => streamLogs(engine, leases.get(parts[0]!), stream, query),
    },
    {
      method: 'POST',
      path: on('/exec'),
      handle: (call) => runExec(engine, runningContainerOf(leaseOf(call)), call, deps.log),
    },
    {
      method: 'GET',
      path: on('/files'),
      handle: async ({ stream, parts, query }) => {
        const tar = await within(
          FILES_MS,
          'reading files',
          engine.readFiles(containerOf(leases.get(parts[0]!)), pathOf(query)),
        );
        stream.resume();
        stream.respond({ ':status': 200, 'content-type': 'application/x-tar' });
        closeWhenIdle(stream, IDLE_MS);
        await pipeline(tar, stream);
      },
    },
    {
      method: 'PUT',
      path: on('/files'),
      handle: async ({ stream, parts, query }) => {
        closeWhenIdle(stream, IDLE_MS);
        // A reset would otherwise look like the end of a whole archive.
        stream.once('aborted', () => stream.destroy(new Error('the upload was cut off')));
        await engine.writeFiles(containerOf(leases.get(parts[0]!)), pathOf(query), stream);
        answerJson(stream, {});
      },
    },
    {
      method: 'GET',
      path: on('/stats'),
      handle: async (call) =>
        answerJson(call.stream, await within(ANSWER_MS, 'measuring', engine.stats(runningContainerOf(leaseOf(call))))),
    },
    { method: 'POST', path: on('/connect'), handle: (call) => relay(call) },
  ];

  function leaseOf({ parts }: Call): Lease {
    return leases.get(parts[0]!);
  }

  async function relay({ stream, parts, query }: Call): Promise<void> {
    const port = Number(query.get('port'));
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new CoopError('invalid_request', 'port must be from 1 to 65535.', { at: 'port' });
    const socket: Duplex = await within(
      ANSWER_MS,
      `connecting to port ${port}`,
      engine.connect(runningContainerOf(leases.get(parts[0]!)), port),
      (late) => late.destroy(),
    );
    if (stream.destroyed) return void socket.destroy();
    stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
    // Each direction ends by itself: a client that has sent all still waits for the answer.
    await Promise.all([pipeline(stream, socket), pipeline(socket, stream)]).catch(() => undefined);
    socket.destroy();
    stream.close();
  }
}

function pathOf(query: URLSearchParams): string {
  const path = query.get('path');
  if (path === null || path === '' || path.length > 4096 || path.includes('\0')) {
    throw new CoopError('invalid_request', 'path must say where in the container.', { at: 'path' });
  }
  return path;
}

function containerOf(lease: Lease): string {
  const containerId = lease.record.container_id;
  if (containerId !== null) return containerId;
  throw new CoopError(
    'wrong_state',
    lease.ended ? 'The lease ended before it had a container.' : 'The container is not made yet.',
  );
}

function runningContainerOf(lease: Lease): string {
  if (lease.ended) throw new CoopError('wrong_state', 'The lease has ended; its files can still be copied.');
  return containerOf(lease);
}
