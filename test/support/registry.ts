import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';

/** An image registry on loopback (which docker reaches without TLS), read only, for pulls with everything that may go wrong. */
export type Registry = {
  /** host:port */
  host: string;
  /** Makes an image of random files, so that no engine has its layers yet. */
  publish(name: string, options?: { layers?: number; layerBytes?: number; command?: string[] }): Promise<string>;
  /** From now on only these may pull. */
  requireLogin(username: string, password: string): void;
  /** From now on layers are sent at this pace; 0 is a registry that hangs. */
  slowDown(bytesPerS: number): void;
  close(): Promise<void>;
};

export async function startRegistry(): Promise<Registry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  let login: string | undefined;
  let bytesPerS = Infinity;

  const server = createServer((request, response) => {
    if (login !== undefined && request.headers.authorization !== `Basic ${login}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"', 'content-type': 'application/json' });
      return void response.end(
        JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }),
      );
    }
    const [, name, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    if (request.url === '/v2/' || request.url === '/v2') return void response.writeHead(200).end('{}');
    if (name !== undefined && kind === 'manifests')
      return send(
        response,
        manifests.get(`${name}:${reference}`) ?? manifests.get(`${name}@${reference}`),
        MANIFEST_TYPE,
        request.method === 'HEAD',
      );
    if (name !== undefined && kind === 'blobs') return void sendSlowly(response, blobs.get(reference ?? ''), bytesPerS);
    response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const keep = (content: Buffer) => {
    const digest = digestOf(content);
    blobs.set(digest, content);
    return { digest, size: content.length };
  };

  return {
    host,
    async publish(name, { layers = 1, layerBytes = 1000, command = ['/none'] } = {}) {
      const tars = await Promise.all(
        Array.from({ length: layers }, (_, index) => layerOf(`file-${index}`, layerBytes)),
      );
      const config = {
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        os: 'linux',
        config: { Cmd: command },
        rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
      };
      const manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: MANIFEST_TYPE,
          config: {
            mediaType: 'application/vnd.docker.container.image.v1+json',
            ...keep(Buffer.from(JSON.stringify(config))),
          },
          layers: tars.map((tar) => ({
            mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
            ...keep(gzipSync(tar)),
          })),
        }),
      );
      manifests.set(`${name}:latest`, manifest).set(`${name}@${digestOf(manifest)}`, manifest);
      return `${host}/${name}:latest`;
    },
    requireLogin(username, password) {
      login = Buffer.from(`${username}:${password}`).toString('base64');
    },
    slowDown(pace) {
      bytesPerS = pace;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

function send(response: ServerResponse, content: Buffer | undefined, type: string, isHead: boolean): void {
  if (content === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' });
    return void response.end(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }));
  }
  response.writeHead(200, {
    'content-type': type,
    'content-length': content.length,
    'docker-content-digest': digestOf(content),
  });
  response.end(isHead ? undefined : content);
}

async function sendSlowly(response: ServerResponse, content: Buffer | undefined, bytesPerS: number): Promise<void> {
  if (content === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length });
  response.flushHeaders();
  if (bytesPerS === Infinity) return void response.end(content);
  const step = Math.max(1, Math.ceil(bytesPerS / 10));
  for (let sent = 0; sent < content.length && !response.destroyed; sent += bytesPerS === 0 ? 0 : step) {
    if (bytesPerS > 0) response.write(content.subarray(sent, sent + step));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  response.end();
}

async function layerOf(name: string, bytes: number): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name }, randomBytes(bytes));
  tar.finalize();
  return buffer(tar);
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
