import type { Curve } from './schema/emission.ts';

/** The most that a curve ever lets out. */
export const ceilingOf = (curve: Curve): bigint => (curve.kind === 'decay' ? curve.cap : curve.points.at(-1)!.total);
