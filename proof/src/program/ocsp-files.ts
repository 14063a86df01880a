import { readFile } from 'node:fs/promises';
import { parseOcspAnswer } from '../attestation/ocsp.ts';
import { UsageError } from './arguments.ts';

/** OCSP responses from files; refuses what is none, which would else only look like a certificate that nobody knows. */
export function readOcspFiles(files: readonly string[]): Promise<Uint8Array[]> {
  return Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(file).catch(() => undefined);
      if (bytes === undefined) throw new UsageError(`--ocsp: ${file} cannot be read`);
      if (parseOcspAnswer(bytes) === undefined) throw new UsageError(`--ocsp: ${file} holds no OCSP response in DER`);
      return bytes;
    }),
  );
}
