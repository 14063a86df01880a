import { Transform, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { within } from '../within.ts';
import { asEngineError, engineMessage, statusOf } from './client.ts';

export async function readFiles(docker: Docker, containerId: string, path: string): Promise<Readable> {
  try {
    const stream = await within(30_000, 'read files', () => docker.getContainer(containerId).getArchive({ path }));
    return stream as Readable;
  } catch (error) {
    throw fileError(error, path);
  }
}

/** `roomBytes`: what the lease may still write; an archive that is longer is cut off there and refused. */
export async function writeFiles(
  docker: Docker,
  containerId: string,
  path: string,
  tar: Readable,
  roomBytes: number,
): Promise<void> {
  // podman would make a directory that is not there.
  await within(30_000, 'find directory', () => docker.getContainer(containerId).infoArchive({ path })).catch(
    (error: unknown) => {
      // An answer to this question has no text.
      if (statusOf(error) === 404) throw new CoopError('not_found', `There is no ${path} in the container.`);
      throw fileError(error, path);
    },
  );
  const limited = limit(tar, roomBytes);
  try {
    await docker.getContainer(containerId).putArchive(limited, { path, noOverwriteDirNonDir: 'true' });
  } catch (error) {
    throw limited.errored instanceof CoopError ? limited.errored : fileError(error, path);
  } finally {
    limited.destroy();
  }
}

function limit(tar: Readable, roomBytes: number): Transform {
  let left = roomBytes;
  const counter = new Transform({
    transform(chunk: Buffer, _, done) {
      left -= chunk.length;
      if (left >= 0) return done(null, chunk);
      done(
        new CoopError(
          'payload_too_large',
          `The files need more than the ${Math.floor(roomBytes / 1024 / 1024)} MiB of disk that are left.`,
        ),
      );
    },
  });
  pipeline(tar, counter, () => undefined);
  return counter;
}

function fileError(error: unknown, path: string): Error {
  const message = engineMessage(error);
  // The client's frame says "no such container" for both kinds of 404.
  if (statusOf(error) === 404 && /could not find the file|no such file/i.test(message)) {
    return new CoopError('not_found', `There is no ${path} in the container.`, { cause: error });
  }
  if (statusOf(error) === 400 || statusOf(error) === 403)
    return new CoopError('invalid_request', `${path}: ${message}`, { cause: error });
  return asEngineError(error, 'files');
}
