import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { CoopError } from '@gpucoop/protocol/problem.ts';

const NEXT_TRIED = 50;

/** The port itself when it is free; 0 finds one. A taken one is an error that names the next free one. */
export async function freePort(host: string, port: number, suggest: (port: number) => string): Promise<number> {
  const found = await tryPort(host, port);
  if (typeof found === 'number') return found;
  if (found.code === 'EACCES')
    throw new CoopError('invalid_request', `Port ${port} needs more rights than you have.`, {
      hint: 'Choose one above 1023.',
      cause: found,
    });
  if (found.code !== 'EADDRINUSE')
    throw new CoopError('invalid_request', `Nothing can listen on ${host}:${port}.`, {
      hint: 'Name an address of this computer.',
      cause: found,
    });
  for (let next = port + 1; next <= Math.min(port + NEXT_TRIED, 65_535); next += 1) {
    if (typeof (await tryPort(host, next)) === 'number') {
      throw new CoopError('invalid_request', `Port ${port} is in use by another program.`, {
        hint: `${suggest(next)} is free.`,
      });
    }
  }
  throw new CoopError('invalid_request', `Port ${port} is in use by another program.`, {
    hint: 'Choose another with --port.',
  });
}

async function tryPort(host: string, port: number): Promise<number | NodeJS.ErrnoException> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  try {
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    server.close();
  }
}

export const suggestion = ({ listen }: { listen: string | undefined }, next: number): string =>
  listen === undefined ? `coop up --port ${next}` : `coop up --listen ${listen.replace(/:\d+$/, `:${next}`)}`;
