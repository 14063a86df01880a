import { existsSync } from 'node:fs';
import { Agent } from 'node:http';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { EngineError } from '../engine-error.ts';
import type { EngineOptions } from '../engine.ts';
import { within } from '../within.ts';

export type Connection = { docker: Docker; name: 'docker' | 'podman'; version: string; socketPath: string };

/** The first socket behind which an engine of the wanted kind answers. */
export async function connectContainerEngine(
  options: Pick<EngineOptions, 'kind' | 'socketPath' | 'log'>,
): Promise<Connection | undefined> {
  for (const socketPath of socketPaths(options.socketPath)) {
    if (!existsSync(socketPath)) continue;
    try {
      const connection = await connect(socketPath);
      if (options.kind === 'auto' || options.kind === connection.name) return connection;
    } catch (error) {
      options.log.warn({ socketPath, error: String(error) }, 'a container engine does not answer');
    }
  }
  return undefined;
}

async function connect(socketPath: string): Promise<Connection> {
  // No kept-alive connections: one that the engine closed by restarting would fail the next request.
  const agent = new Agent({ keepAlive: false });
  // The client library prints the options of every request in full depth, for a debug line that nobody reads: with this agent
  // in them, that took longer than most requests, and longer with every connection that is open.
  Object.assign(agent, { [inspect.custom]: () => 'agent' });
  const docker = new Docker({ socketPath, agent } as Docker.DockerOptions);
  const version = await within(5000, 'version', () => docker.version());
  const isPodman = (version.Components ?? []).some((component) => component.Name.includes('Podman'));
  return { docker, name: isPodman ? 'podman' : 'docker', version: version.Version, socketPath };
}

function socketPaths(given: string | undefined): string[] {
  if (given !== undefined) return [given];
  const { DOCKER_HOST: host, XDG_RUNTIME_DIR: runtimeDir } = process.env;
  return [
    ...(host?.startsWith('unix://') ? [host.slice('unix://'.length)] : []),
    '/var/run/docker.sock',
    ...(runtimeDir !== undefined ? [`${runtimeDir}/docker.sock`] : []),
    '/run/podman/podman.sock',
    ...(runtimeDir !== undefined ? [`${runtimeDir}/podman/podman.sock`] : []),
  ];
}

export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

/** The engine's own words, without the client's frame around them. */
export function engineMessage(error: unknown): string {
  const { json, message } = error as { json?: { message?: string }; message?: string };
  return (json?.message ?? message ?? String(error)).trim();
}

/** Anything the engine refused, as `engine_unavailable` unless it is one of ours already. */
export function asEngineError(error: unknown, what: string): EngineError {
  if (error instanceof EngineError) return error;
  if (statusOf(error) === 404 && /no such container/i.test(engineMessage(error))) {
    return new EngineError('container_vanished', 'The container is not there any more.', { cause: error });
  }
  return new EngineError('engine_unavailable', `${what}: ${engineMessage(error)}`, { cause: error });
}
