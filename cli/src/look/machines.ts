import { decimalDollars } from '@gpucoop/protocol/money.ts';
import type { DoctorCheck, Earnings, Machine } from '@gpucoop/protocol/resources.ts';
import { formatDuration, formatMib } from '@gpucoop/protocol/sizes.ts';
import type { Look } from './colours.ts';
import { renderOffers, unitsText } from './offers.ts';
import { renderFields, renderTable } from './table.ts';
import { plain, textWidth, wrap } from './text.ts';
import { alignPoints, count, dayAndTime, exactMoney, money, relativeTime, shortId } from './units.ts';

export function renderMachines(machines: readonly Machine[], look: Look, width: number, nowMs: number): string {
  return renderTable<Machine>(
    [
      { title: 'MACHINE', value: (machine) => shortId(machine.id) },
      { title: 'NAME', value: (machine) => machine.name, shrinkTo: 10 },
      { title: 'STATE', value: stateOf, style: (text, machine) => stateColour(machine, look)(text) },
      { title: 'DEVICES', value: devicesOf, shrinkTo: 12 },
      { title: 'LEASES', value: (machine) => String(machine.leases.length), align: 'right' },
      { title: 'EARNED', value: (machine) => money(machine.earned), align: 'right' },
      {
        title: 'ISOLATION',
        value: (machine) => machine.isolation,
        dispensable: 2,
        style: (text, machine) => (machine.isolation === 'none' ? look.attention(text) : text),
      },
      { title: 'PLACE', value: (machine) => machine.terms.region, shrinkTo: 8, dispensable: 3 },
      { title: 'SEEN', value: (machine) => relativeTime(machine.last_seen_at, nowMs), dispensable: 1 },
    ],
    machines,
    width,
    look,
  );
}

/** What counts most first: an administrator's hand, then silence, then what the provider chose. */
export function stateOf(machine: Pick<Machine, 'suspended' | 'listing' | 'presence'>): string {
  if (machine.suspended) return 'suspended';
  if (machine.listing === 'removed') return 'removed';
  if (machine.presence !== 'online') return machine.presence;
  return machine.listing === 'listed' ? 'online' : machine.listing;
}

function stateColour(machine: Machine, look: Look): (text: string) => string {
  const state = stateOf(machine);
  if (state === 'online') return look.good;
  if (state === 'removed') return look.dim;
  return state === 'lost' || state === 'suspended' ? look.bad : look.attention;
}

function devicesOf(machine: Machine): string {
  if (machine.devices.length === 0) return count(machine.cpus, 'CPU');
  const byClass = Map.groupBy(machine.devices, (device) => device.class);
  return [...byClass].map(([name, devices]) => unitsText(devices.length, name)).join(', ');
}

export function renderMachine(machine: Machine, look: Look, width: number, nowMs: number): string {
  const { terms } = machine;
  const quiet = terms.quiet_hours.map(({ from, to }) => `${from}–${to}`).join(', ');
  const fields: (readonly [string, string])[] = [
    ['machine', `${look.bold(plain(machine.name))}  ${machine.id}`],
    ['state', `${stateColour(machine, look)(stateOf(machine))}, seen ${relativeTime(machine.last_seen_at, nowMs)}`],
    ['computer', plain(`${machine.hostname}, ${machine.cpu_model}, ${machine.architecture}`)],
    ['', `${count(machine.cpus, 'CPU')}, ${formatMib(machine.memory_mib)} memory, ${formatMib(machine.disk_mib)} disk`],
    ...machine.devices.map(
      (device, i) =>
        [
          i === 0 ? 'devices' : '',
          plain(
            `${device.class}  ${device.name}, ${formatMib(device.memory_mib)}${device.owner_busy ? ', used by its owner now' : ''}`,
          ),
        ] as const,
    ),
    [
      'engine',
      `${plain(machine.engine)}, isolation ${machine.isolation === 'none' ? look.attention('none') : machine.isolation}, network ${machine.network}, disk ${machine.disk_limit}`,
    ],
    ...(Object.keys(terms.price_micros_per_unit_hour).length === 0
      ? [['prices', "the network's usual ones, as in the offers"] as const]
      : []),
    ...Object.entries(terms.price_micros_per_unit_hour).map(
      ([name, micros], i) =>
        [i === 0 ? 'prices' : '', `${name}  $${decimalDollars(BigInt(micros))} a unit and hour`] as const,
    ),
    [
      'terms',
      `${count(terms.min_units, 'unit')} to ${terms.max_units ?? 'all'}, ${formatDuration(terms.min_duration_s)} to ${formatDuration(terms.max_duration_s)}${terms.only_when_idle ? ', only when idle' : ''}`,
    ],
    ...(quiet === '' ? [] : [['quiet', `${quiet} (${terms.time_zone})`] as const]),
    [
      'kept',
      `${keptWords(terms)} for the owner; ${terms.disk_mib === null ? 'nine tenths of the free disk' : formatMib(terms.disk_mib)} rented out at most`,
    ],
    ['earned', exactMoney(machine.earned)],
  ];
  const offers = renderOffers(machine.offers, look, width, nowMs);
  const leases = machine.leases.map(
    (lease) => `${shortId(lease.id)}  ${lease.state.padEnd(10)} ${unitsText(lease.units, lease.class)}`,
  );
  return [
    renderFields(fields, look, width),
    ...(offers === '' ? [] : [offers]),
    ...(leases.length === 0 ? [] : [`${look.dim('LEASES')}\n${leases.join('\n')}`]),
  ].join('\n\n');
}

function keptWords({ reserve_cpus, reserve_memory_mib }: Machine['terms']): string {
  const parts = [
    ...(reserve_cpus === 0 ? [] : [count(reserve_cpus, 'CPU')]),
    ...(reserve_memory_mib === 0 ? [] : [`${formatMib(reserve_memory_mib)} memory`]),
  ];
  return parts.join(' and ') || 'nothing';
}

const marks = { ok: 'ok', warning: 'warn', failed: 'FAIL' } as const satisfies Record<DoctorCheck['status'], string>;

/** One line a check, what to do below those that are not well. */
export function renderDoctor(checks: readonly DoctorCheck[], look: Look, width: number): string {
  const colours = { ok: look.good, warning: look.attention, failed: look.bad };
  const size = Math.max(0, ...checks.map(({ name }) => textWidth(plain(name))));
  const room = Math.max(30, Math.min(width, 110) - size - 8);
  const indent = `\n${' '.repeat(size + 8)}`;
  const lines = checks.map(({ name, status, found, hint }) => {
    const head = `${colours[status](marks[status].padEnd(4))}  ${plain(name).padEnd(size)}  ${wrap(plain(found), room).join(indent)}`;
    return hint === null || status === 'ok'
      ? head
      : `${head}${indent}${wrap(plain(hint), room)
          .map((line) => look.dim(line))
          .join(indent)}`;
  });
  const failed = checks.filter(({ status }) => status === 'failed').length;
  const warned = checks.filter(({ status }) => status === 'warning').length;
  const verdict =
    failed > 0
      ? look.bad(`${count(failed, 'check')} failed`)
      : warned > 0
        ? look.attention(`fit, with ${count(warned, 'warning')}`)
        : look.good('all is well');
  return `${lines.join('\n')}\n\n${verdict}`;
}

export function renderEarnings(earnings: Earnings, look: Look, width: number): string {
  if (earnings.leases.length === 0) return 'No lease yet. coop demand shows what renters wait for.';
  const net = alignPoints(earnings.leases.map((lease) => exactMoney(lease.net)));
  const netWidth = Math.max(...net.map((text) => text.length));
  const rows = earnings.leases.map((lease, i) => ({ lease, net: net[i]!.padStart(netWidth) }));
  const table = renderTable(
    [
      { title: 'LEASE', value: ({ lease }) => shortId(lease.lease_id) },
      { title: 'ON', value: ({ lease }) => unitsText(lease.units, lease.class), dispensable: 2 },
      {
        title: 'ENDED',
        value: ({ lease }) => (lease.ended_at === null ? 'runs' : dayAndTime(lease.ended_at)),
        dispensable: 1,
      },
      { title: 'SERVED', value: ({ lease }) => formatDuration(lease.billed_s), align: 'right' },
      {
        title: 'UNPAID',
        value: ({ lease }) => (lease.unbilled_s === 0 ? '-' : formatDuration(lease.unbilled_s)),
        align: 'right',
        style: look.attention,
      },
      { title: 'GROSS', value: ({ lease }) => money(lease.gross), align: 'right', dispensable: 3 },
      { title: 'FEE', value: ({ lease }) => money(lease.fee), align: 'right', dispensable: 3 },
      { title: 'NET'.padStart(netWidth), value: (row) => row.net, style: look.good },
      { title: '', value: ({ lease }) => lease.note ?? '', shrinkTo: 10, style: look.dim },
    ],
    rows,
    width,
    look,
  );
  return `${table}\n\n${look.bold(exactMoney(earnings.total))} in all, after fees`;
}
