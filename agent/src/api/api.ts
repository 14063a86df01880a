import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Logger } from 'pino';
import { EventAck } from '@gpucoop/protocol/agent-api.ts';
import { MachineTerms, type DoctorCheck } from '@gpucoop/protocol/resources.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Engine } from '../engine/engine.ts';
import type { EventStream } from '../event-stream.ts';
import type { Leases } from '../leases.ts';
import { answerJson, answerProblem, readJson } from './bodies.ts';
import { leaseRoutes } from './lease-routes.ts';

export type ApiDependencies = {
  leases: Leases;
  engine: Engine;
  events: EventStream;
  setTerms(terms: MachineTerms): Promise<void>;
  doctor(): Promise<DoctorCheck[]>;
  /** The machine leaves the network; called after the answer is on its way. */
  remove(): void;
  log: Logger;
};

export type Call = {
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
  /** The groups of the route's pattern. */
  parts: string[];
  query: URLSearchParams;
};

export type Route = { method: string; path: RegExp; handle(call: Call): Promise<void> };

/** The agent's HTTP, inside the link: whoever asks here is the server. Every call has a limit in size and time. */
export function agentApi(deps: ApiDependencies): (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void {
  const routes: Route[] = [...machineRoutes(deps), ...leaseRoutes(deps)];
  return (stream, headers) => {
    stream.on('error', () => {}); // of a stream that is reset; whoever uses it sees it by itself
    dispatch(routes, stream, headers).catch((error: unknown) => answerProblem(stream, error, deps.log));
  };
}

async function dispatch(routes: Route[], stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
  const url = new URL(headers[':path'] ?? '/', 'http://agent');
  const here = routes.flatMap((route) => {
    const match = route.path.exec(url.pathname);
    return match === null ? [] : [{ route, parts: match.slice(1) }];
  });
  if (here.length === 0)
    throw new CoopError('not_found', `The agent has no ${url.pathname}.`, { hint: 'Is it older than the server?' });
  const found = here.find(({ route }) => route.method === headers[':method']);
  if (found === undefined) throw new CoopError('method_not_allowed', `${url.pathname} has no ${headers[':method']}.`);
  await found.route.handle({ stream, headers, parts: found.parts, query: url.searchParams });
}

function machineRoutes({ events, setTerms, doctor, remove }: ApiDependencies): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v1\/events$/,
      handle: async ({ stream, headers, query }) => {
        const heartbeatMs = Number(headers['x-coop-heartbeat-ms'] ?? 5000);
        const after = Number(query.get('after') ?? 0);
        stream.resume(); // the request has no body; its end is not the end of the answer
        events.attach(stream, { after, heartbeatMs: Math.min(60_000, Math.max(50, heartbeatMs)) });
      },
    },
    {
      method: 'POST',
      path: /^\/v1\/events\/ack$/,
      handle: async ({ stream }) => {
        events.acknowledge(await readJson(stream, EventAck));
        answerJson(stream, {});
      },
    },
    {
      method: 'PUT',
      path: /^\/v1\/terms$/,
      handle: async ({ stream }) => {
        await setTerms(await readJson(stream, MachineTerms));
        answerJson(stream, {});
      },
    },
    {
      method: 'POST',
      path: /^\/v1\/doctor$/,
      handle: async ({ stream }) => answerJson(stream, await doctor()),
    },
    {
      method: 'POST',
      path: /^\/v1\/remove$/,
      handle: async ({ stream }) => {
        answerJson(stream, {});
        stream.once('close', remove);
      },
    },
  ];
}
