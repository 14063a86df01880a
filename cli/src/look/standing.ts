import type { Balance, Machine, User } from '@gpucoop/protocol/resources.ts';
import type { Look } from './colours.ts';
import { renderOffers } from './offers.ts';
import { renderFields } from './table.ts';
import { plain } from './text.ts';
import { money, shortId } from './units.ts';

export type Standing = {
  url: string;
  /** As a person would write it: ~/.coop. */
  home: string;
  network: 'local' | 'public';
  policyName: string;
  fingerprint: string | undefined;
  user: User;
  balance: Balance;
  machine: Machine | undefined;
  /** How `coop` is typed here. */
  typed: string;
  /** What must be set in another terminal first. */
  export: string | undefined;
  background: boolean;
};

/** What `coop up` has made, and what to type next. */
export function renderStanding(standing: Standing, look: Look, width: number, nowMs: number): string {
  const { machine } = standing;
  return [
    `${look.good('Coop stands.')}`,
    renderFields(fields(standing, look), look, width, '  '),
    ...(machine === undefined ? [] : [indented(renderOffers(machine.offers, look, width - 2, nowMs))]),
    ...engineWords(standing, look),
    next(standing, look),
    look.dim(
      standing.background
        ? `${standing.typed} down stops it; running leases go on.`
        : 'Ctrl-C stops it; running leases go on.',
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function fields(
  { url, home, network, policyName, fingerprint, user, balance, machine }: Standing,
  look: Look,
): [string, string][] {
  const reach = network === 'local' ? 'this computer only' : 'others may join and rent';
  return [
    ['network', `${look.type(url)}  ${look.dim(`policy ${policyName}; ${reach}; state in ${home}`)}`],
    ...(fingerprint === undefined ? [] : ([['certificate', fingerprint]] as [string, string][])),
    [
      'you',
      `${plain(user.name)}  ${money(balance.available)} to spend${network === 'local' ? look.dim(' (test credit)') : ''}`,
    ],
    ...(machine === undefined
      ? ([['machine', `none here; ${look.type('coop machine add')} gives the line for another computer`]] as [
          string,
          string,
        ][])
      : ([
          [
            'machine',
            `${plain(machine.name)}  ${shortId(machine.id)}  ${plain(machine.engine)}, ${isolationWords(machine, look)}`,
          ],
        ] as [string, string][])),
  ];
}

function isolationWords(machine: Machine, look: Look): string {
  const network = machine.network === 'internet' ? 'internet, nothing private' : 'no network';
  if (machine.isolation === 'none') return look.attention('isolation none');
  return `isolation ${machine.isolation}, ${network}, disk ${machine.disk_limit}`;
}

/** Without a container engine nothing is pretended. */
function engineWords({ machine }: Standing, look: Look): string[] {
  if (machine === undefined) return [];
  if (machine.isolation === 'none') {
    return [
      `  ${look.attention('No container engine is used here.')} Commands run as plain processes of this user and can see all that this user\n` +
        '  sees. That is for trying things out, and works on the local network alone. With docker or podman installed, coop up uses it.',
    ];
  }
  return machine.network === 'none'
    ? [
        `  ${look.attention('Workloads get no network here')}: the rules that keep them off your own need root. coop machine doctor says more.`,
      ]
    : [];
}

function next({ typed, machine, export: export_ }: Standing, look: Look): string {
  const image = machine?.offers
    .flatMap((offer) => offer.cached_images)
    .find((name) => /^[a-z0-9][\w./:-]*$/.test(name) && !name.startsWith('coop/'));
  const lines: [string, string][] = [
    ...(export_ === undefined ? [] : ([[export_, 'so that it finds this network']] as [string, string][])),
    [`${typed} run -- echo hello`, 'rent a CPU, and see the bill'],
    ...(image === undefined || machine?.isolation === 'none'
      ? []
      : ([[`${typed} run --image ${image}`, 'in an image that is here already']] as [string, string][])),
    [`${typed} offers`, 'what is on the market'],
    [`${typed} ps -a`, 'your runs'],
    [`${typed} ledger`, 'every cent and what it was for'],
    [`${typed} machine earnings`, 'the same money, seen by the provider'],
  ];
  const size = Math.max(...lines.map(([line]) => line.length));
  return [
    'Type next, in another terminal:',
    '',
    ...lines.map(([line, what]) => `  ${look.type(line.padEnd(size))}  ${look.dim(what)}`),
  ].join('\n');
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');
