import { Readable } from 'node:stream';
import type { Engine } from './open.ts';

export async function backup(_database: Engine): Promise<Readable> {
  return Readable.from([]);
}
