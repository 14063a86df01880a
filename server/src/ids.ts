import { randomBytes } from 'node:crypto';
import { makeId, type IdKind } from '@gpucoop/protocol/ids.ts';

export const newId = (kind: IdKind): string => makeId(kind, randomBytes(16));
