import type { Policy } from '../policy.ts';
import type { Sources } from '../sources.ts';

export type Preset = { policy: Policy; sources: Sources };
