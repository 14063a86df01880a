import type { Policy } from '../policy.ts';
import type { Preset } from './preset.ts';
import { standby } from './standby.ts';

/** One laptop: the default rules with test credit, and plain processes allowed. */
export const localPolicy: Policy = {
  ...standby.policy,
  name: 'local',
  about: 'One computer: Coop’s own rules, with test credit.',
  network: 'local',
  test_credit_micros: 10_000_000,
};

export const local: Preset = {
  policy: localPolicy,
  sources: { ...standby.sources, test_credit_micros: { kind: 'ours', text: 'enough to try everything once' } },
};
