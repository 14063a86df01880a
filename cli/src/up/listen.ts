import { CoopError } from '@gpucoop/protocol/problem.ts';

/** `0.0.0.0:7070`, `[::]:7070`, `coop.example.org:443`. */
export function parseListen(text: string): { host: string; port: number; listen: string } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  if (match === null || Number(match[3]) > 65_535) {
    throw new CoopError('invalid_request', `"${text}" is no HOST:PORT.`, {
      at: '--listen',
      hint: 'Write 0.0.0.0:7070 for all addresses of this computer.',
    });
  }
  return { host: match[1] ?? match[2]!, port: Number(match[3]), listen: text };
}

/** Where this computer itself reaches what listens there. */
export function ownUrl(host: string, port: number, tls: boolean): string {
  const reachable =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${reachable}:${port}`;
}
