import { aethir } from './aethir.ts';
import { ionet } from './ionet.ts';
import { local } from './local.ts';
import type { Preset } from './preset.ts';
import { standby } from './standby.ts';

/** The policies that come with Coop, by name. */
export const presets: Readonly<Record<string, Preset>> = { standby, ionet, aethir, local };
