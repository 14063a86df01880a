import { Policy } from '@gpucoop/policy/policy.ts';
import { formatDuration } from '@gpucoop/protocol/sizes.ts';
import type { Demand } from '@gpucoop/protocol/resources.ts';
import { command } from './grammar.ts';
import type { Group } from './grammar.ts';
import type { Look } from './look/colours.ts';
import { renderFields, renderTable } from './look/table.ts';
import { money, percent, relativeTime } from './look/units.ts';
import { openSession } from './session.ts';

export const demand = command({
  about: 'What renters wait for, by class',
  flags: {},
  run: async (input) => {
    const { terminal } = input;
    const { client } = await openSession(input);
    const waiting = await client.market.demand();
    if (terminal.json) return terminal.printJson(waiting);
    if (waiting.length === 0) return terminal.print('Nobody waits: every order found a machine.');
    terminal.print(
      renderTable<Demand>(
        [
          { title: 'CLASS', value: (one) => one.class },
          { title: 'ORDERS', value: (one) => String(one.runs), align: 'right' },
          { title: 'UNITS', value: (one) => String(one.units), align: 'right' },
          {
            title: 'PAYS UP TO',
            value: (one) =>
              one.max_price_per_unit_hour === null ? 'any price' : `${money(one.max_price_per_unit_hour)}/unit·h`,
            align: 'right',
          },
          { title: 'WAITS SINCE', value: (one) => relativeTime(one.oldest_at, terminal.nowMs()) },
        ],
        waiting,
        terminal.width,
        terminal.look,
      ),
    );
  },
});

const show = command({
  about: 'The economic rules that are in force',
  flags: {},
  run: async (input) => {
    const { terminal } = input;
    const { client } = await openSession(input);
    const answer = await client.policy();
    if (terminal.json) return terminal.printJson(answer);
    const known = Policy.safeParse(answer.policy);
    terminal.print(
      known.success ? renderPolicy(known.data, answer.hash, terminal.look) : JSON.stringify(answer.policy, null, 2),
    );
  },
});

export const policy: Group = { about: 'The rules of the network', commands: { show } };

export function renderPolicy(rules: Policy, hash: string, look: Look): string {
  const fields: (readonly [string, string])[] = [
    ['policy', `${look.bold(rules.name)}, for a ${rules.network} network`],
    ['hash', hash],
    [
      'fees',
      `renters ${percent(rules.fees.renter_ppm)} on top, providers ${percent(rules.fees.provider_ppm)} of the gross`,
    ],
    [
      'hold',
      `the next ${formatDuration(rules.hold.horizon_s)} at most; ${formatDuration(rules.hold.notice_s)} notice when the credit ends`,
    ],
    [
      'silence',
      `unknown after ${formatDuration(rules.timeouts.silent_s)}, lost after ${formatDuration(rules.timeouts.lost_s)}; gaps to ${formatDuration(rules.gap_s)} are billed from signed meter lines`,
    ],
    ['drain', `${formatDuration(rules.drain_notice_s)} notice`],
    ['kept', `stopped containers ${formatDuration(rules.keep_stopped_s)}, unbilled`],
    ['quotes', `good for ${formatDuration(rules.quote_ttl_s)}`],
    ...(rules.test_credit_micros > 0 ? ([['test credit', money(BigInt(rules.test_credit_micros))]] as const) : []),
  ];
  return renderFields(fields, look);
}
