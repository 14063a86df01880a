import type { Policy } from './policy.ts';

type Broken = { path: (string | number)[]; message: string };

/** What a policy names must stand in it, and what belongs in an order must be in that order: without it the rules mean nothing. */
export function brokenReferences(policy: Policy): Broken[] {
  return [
    ...orders(policy),
    ...pools(policy),
    ...curves(policy),
    ...rules(policy),
    ...checkNames(policy),
    ...tokens(policy),
  ];
}

function* orders({ timeouts, hold, licences, rewards }: Policy): Generator<Broken> {
  if (timeouts.silent_ms <= timeouts.heartbeat_ms)
    yield {
      path: ['timeouts', 'silent_ms'],
      message: 'must be longer than heartbeat_ms, or every machine is always unknown',
    };
  if (timeouts.lost_ms <= timeouts.silent_ms)
    yield {
      path: ['timeouts', 'lost_ms'],
      message: 'must be longer than silent_ms: silence is unknown before it is lost',
    };
  if (hold.horizon_s <= hold.notice_s) yield { path: ['hold', 'notice_s'], message: 'the hold must cover the notice' };
  for (const [name, phase] of Object.entries(licences?.phases ?? {})) {
    if (phase.until_s <= phase.from_s)
      yield { path: ['licences', 'phases', name, 'until_s'], message: 'must come after from_s' };
  }
  for (const [name, rule] of Object.entries(rewards)) {
    if (rule.until_s !== null && rule.until_s <= rule.from_s)
      yield { path: ['rewards', name, 'until_s'], message: 'must come after from_s' };
  }
}

function* pools({ emission, rewards, edge }: Policy): Generator<Broken> {
  const known = Object.keys(emission?.pools ?? {});
  const users = Object.entries(rewards).map(([name, { pool }]) => ({ path: ['rewards', name, 'pool'], pool }));
  if (edge !== null) users.push({ path: ['edge', 'pool'], pool: edge.pool });
  for (const { path, pool } of users) {
    if (!known.includes(pool))
      yield { path, message: `there is no pool ${pool}; pools are ${known.join(', ') || 'none'}` };
  }
}

function* curves({ claims, rewards, edge }: Policy): Generator<Broken> {
  const known = Object.keys(claims?.vesting ?? {});
  const users = Object.entries(rewards).map(([name, { vesting }]) => ({ path: ['rewards', name, 'vesting'], vesting }));
  if (edge !== null) users.push({ path: ['edge', 'vesting'], vesting: edge.vesting });
  for (const { path, vesting } of users) {
    if (!known.includes(vesting))
      yield { path, message: `there is no vesting curve ${vesting}; curves are ${known.join(', ') || 'none'}` };
  }
}

function* rules({ rewards }: Policy): Generator<Broken> {
  for (const [name, rule] of Object.entries(rewards)) {
    if (rule.kind === 'uptime_bonus' && rewards[rule.of]?.kind !== 'task')
      yield { path: ['rewards', name, 'of'], message: `${rule.of} is no rule of kind task` };
    if (rule.kind !== 'weight') continue;
    const groups = Object.keys(rule.groups);
    for (const [slug, { group }] of Object.entries(rule.classes)) {
      if (!groups.includes(group))
        yield {
          path: ['rewards', name, 'classes', slug, 'group'],
          message: `there is no group ${group}; groups are ${groups.join(', ')}`,
        };
    }
  }
}

function* checkNames({ checks, rewards }: Policy): Generator<Broken> {
  const known = Object.keys(checks?.kinds ?? {});
  for (const [name, rule] of Object.entries(rewards)) {
    const wanted = rule.kind === 'weight' ? rule.eligible.checks : rule.kind === 'standby' ? rule.checks : [];
    const path = ['rewards', name, ...(rule.kind === 'weight' ? ['eligible'] : []), 'checks'];
    for (const check of wanted) {
      if (!known.includes(check))
        yield { path, message: `there is no check ${check}; checks are ${known.join(', ') || 'none'}` };
    }
  }
}

function* tokens({ token, emission, fees }: Policy): Generator<Broken> {
  if (token !== null) return;
  if (emission !== null) yield { path: ['emission'], message: 'there is no token that could be released' };
  if (fees.token !== null) yield { path: ['fees', 'token'], message: 'there is no token to pay in' };
}
