import type { Policy } from '@gpucoop/policy/policy.ts';
import { formatMib } from '@gpucoop/protocol/sizes.ts';
import { dollars, factor, share, span, tokens } from '../values.ts';
import { keysOf, words, type Rows } from './row.ts';

export const claimRows: Rows = (policies) => {
  const subject = 'Claims';
  return [
    ...keysOf(policies, ({ claims }) => claims?.vesting).map((name) => ({
      subject,
      title: `vesting ${words(name)}`,
      paths: [`claims.vesting.${name}`],
      value: ({ claims }: Policy) => {
        const curve = claims?.vesting[name];
        return curve === undefined
          ? undefined
          : curve.points
              .filter(({ after_s }, n) => curve.points[n + 1]?.after_s !== after_s + 1) // the foot of a step
              .map(({ after_s, ppm }) => `${share(ppm)} ${after_s === 0 ? 'at once' : `after ${span(after_s)}`}`)
              .join(', ');
      },
    })),
    {
      subject,
      title: 'given up is',
      paths: ['claims.forfeits'],
      value: ({ claims }) =>
        claims === null ? undefined : claims.forfeits === 'burnt' ? 'burnt' : 'put back into the pool',
    },
    {
      subject,
      title: 'a claim',
      paths: ['claims.least', 'claims.fee', 'claims.identity'],
      value: ({ claims, token }) =>
        claims === null
          ? undefined
          : `at least ${claims.least === 0n ? 'anything' : tokens(claims.least, token)}, fee ${claims.fee === 0n ? 'none' : tokens(claims.fee, token)}${claims.identity ? ', with a checked identity' : ''}`,
    },
    {
      subject,
      title: 'disputes',
      paths: [
        'claims.dispute_s',
        'claims.poster_bond',
        'claims.dispute_bond',
        'claims.arbiter_s',
        'claims.poster_silent_s',
        'claims.grant_most',
      ],
      value: ({ claims, token }) =>
        claims === null
          ? undefined
          : `for ${span(claims.dispute_s)}; bonds: poster ${tokens(claims.poster_bond, token)}, disputer ${tokens(claims.dispute_bond, token)}; void if undecided for ${span(claims.arbiter_s)}; anybody posts after ${span(claims.poster_silent_s)}; at most ${tokens(claims.grant_most, token)} an epoch`,
    },
  ];
};

export const pledgeRows: Rows = () => [
  {
    subject: 'Pledges',
    title: 'renters may pledge',
    paths: ['pledges'],
    value: ({ pledges }) =>
      pledges === null
        ? undefined
        : `for at most ${span(pledges.longest_s)}, deposit ${span(pledges.deposit_s)} of the price; machines proven for ${span(pledges.proven_s)}; then ${span(pledges.answer_s)} to order, or ${share(pledges.lapse_ppm)} of the deposit is lost`,
  },
];

export const edgeRows: Rows = (policies) => {
  const subject = 'Home devices';
  return [
    {
      subject,
      title: 'device',
      paths: ['edge.profile', 'edge.pool', 'edge.vesting'],
      value: ({ edge }) =>
        edge === null
          ? undefined
          : `${formatMib(edge.profile.memory_mib)}, ${edge.profile.storage_gib} GiB, ${edge.profile.up_mbps} Mbit/s up, ${edge.profile.down_mbps} down; out of ${words(edge.pool)}, vesting ${words(edge.vesting)}`,
    },
    ...keysOf(policies, ({ edge }) => edge?.tiers).map((name) => ({
      subject,
      title: words(name),
      paths: [`edge.tiers.${name}`],
      value: ({ edge, token }: Policy) => {
        const tier = edge?.tiers[name];
        if (tier === undefined) return undefined;
        const bonus =
          tier.bonus_weight === 0
            ? ''
            : `, bonus ${factor(tier.bonus_weight)} up to ${tokens(tier.bonus_most_per_day, token)}`;
        return `stake ${tokens(tier.stake, token)} for ${tokens(tier.base_per_day, token)} a day${bonus}`;
      },
    })),
    {
      subject,
      title: 'bonus of all',
      paths: ['edge.bonus_per_day'],
      value: ({ edge, token }) => (edge === null ? undefined : `${tokens(edge.bonus_per_day, token)} a day`),
    },
    {
      subject,
      title: 'fees',
      paths: ['edge.reward_fee_ppm', 'edge.service_share_ppm'],
      value: ({ edge }) =>
        edge === null
          ? undefined
          : `${share(edge.reward_fee_ppm)} of rewards; ${share(edge.service_share_ppm)} of service fees to the owner`,
    },
  ];
};

export const partnerRows: Rows = () => [
  {
    subject: 'Partners',
    title: 'standard unit',
    paths: ['partner'],
    value: ({ partner }) =>
      partner === null
        ? undefined
        : `an hour of ${partner.unit}; at most ${share(partner.lent_most_ppm)} of a class’s idle machines, fee ${share(partner.fee_ppm)}; ${Object.entries(
            partner.weights,
          )
            .slice(0, 4)
            .map(([slug, weight]) => `${slug} ${factor(weight)}`)
            .join(', ')} …`,
  },
];

export const placeRows: Rows = () =>
  (['providers', 'renters', 'claims'] as const).map((role) => ({
    subject: 'Place',
    title: role,
    paths: ['place', `place.${role}`],
    value: ({ place }) => {
      if (place === null) return 'everywhere';
      const { only, refused } = place[role];
      const but = refused.length === 0 ? '' : ` but ${refused.join(', ')}`;
      return `${only === null ? 'everywhere' : only.join(', ')}${but}`;
    },
  }));

export const runningRows: Rows = () => {
  const subject = 'Rentals and contracts';
  return [
    {
      subject,
      title: 'hold',
      paths: ['hold'],
      value: ({ hold }) =>
        `the next ${span(hold.horizon_s)} at most; ${span(hold.notice_s)} notice when the credit ends`,
    },
    {
      subject,
      title: 'silence',
      paths: ['timeouts', 'gap_s'],
      value: ({ timeouts, gap_s }) =>
        `heartbeat every ${seconds(timeouts.heartbeat_ms)}, unknown after ${seconds(timeouts.silent_ms)}, lost after ${seconds(timeouts.lost_ms)}; gaps to ${span(gap_s)} are billed from signed meter lines`,
    },
    {
      subject,
      title: 'a lease starts within',
      paths: ['timeouts'],
      value: ({ timeouts: at }) =>
        `${seconds(at.accept_ms)} to accept, ${span(at.pull_s)} to pull, ${span(at.start_s)} to start, ${span(at.ready_s)} to be ready; stops within ${span(at.stop_s)}`,
    },
    {
      subject,
      title: 'drain and keep',
      paths: ['drain_notice_s', 'keep_stopped_s'],
      value: (policy) =>
        `${span(policy.drain_notice_s)} notice; stopped containers kept ${span(policy.keep_stopped_s)}, unbilled`,
    },
    { subject, title: 'quotes', paths: ['quote_ttl_s'], value: (policy) => `good for ${span(policy.quote_ttl_s)}` },
    {
      subject,
      title: 'test credit',
      paths: ['test_credit_micros', 'network', 'version', 'name', 'about'],
      value: (policy) => (policy.test_credit_micros === 0 ? 'none' : dollars(BigInt(policy.test_credit_micros))),
    },
    {
      subject,
      title: 'escrow',
      paths: ['escrow'],
      value: ({ escrow }) =>
        escrow === null
          ? undefined
          : `thaw ${span(escrow.thaw_s)}, fees of at most ${share(escrow.fee_most_ppm)}, statements within ${span(escrow.signing_s)}, halts of at most ${span(escrow.halt_s)} every ${span(escrow.halt_every_s)}`,
    },
    {
      subject,
      title: 'changes',
      paths: ['governance'],
      value: ({ governance }) =>
        governance === null
          ? undefined
          : `${span(governance.timelock_s)} after they are announced; guardian pauses at most ${span(governance.pause_s)}`,
    },
  ];
};

const seconds = (ms: number): string => (ms % 1000 === 0 ? span(ms / 1000) : `${ms} ms`);
