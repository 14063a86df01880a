import { endReasons } from '@gpucoop/protocol/reasons.ts';
import { formatDuration } from '@gpucoop/protocol/sizes.ts';
import type { Lease, Run } from '@gpucoop/protocol/resources.ts';
import type { Look } from './colours.ts';
import { unitsText } from './offers.ts';
import { renderTable } from './table.ts';
import { plain, wrap } from './text.ts';
import { money, relativeTime, shortId } from './units.ts';

export function renderRuns(runs: readonly Run[], look: Look, width: number, nowMs: number): string {
  return renderTable<Run>(
    [
      { title: 'RUN', value: (run) => shortId(run.id) },
      { title: 'NAME', value: (run) => run.name, shrinkTo: 10 },
      { title: 'STATE', value: (run) => runState(run), style: (text, run) => shade(text, run, look) },
      { title: 'ON', value: (run) => on(run), dispensable: 3 },
      { title: 'COMMAND', value: (run) => commandText(run), shrinkTo: 10, dispensable: 2 },
      {
        title: 'SERVED',
        value: (run) => formatDuration(sum(run.leases.map((lease) => lease.billed_s))),
        align: 'right',
        dispensable: 1,
      },
      { title: '$/H', value: (run) => price(run), align: 'right', dispensable: 4 },
      { title: 'COST', value: (run) => money(run.cost), align: 'right' },
      { title: 'STARTED', value: (run) => relativeTime(run.created_at, nowMs), dispensable: 5 },
      {
        title: 'ENDS',
        value: (run) => (run.ended_at === null ? relativeTime(run.expires_at, nowMs) : ''),
        dispensable: 6,
      },
    ],
    runs,
    width,
    look,
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

export const currentLease = (run: Run): Lease | undefined => run.leases.at(-1);

function on(run: Run): string {
  const lease = currentLease(run);
  return lease === undefined ? '-' : `${unitsText(lease.units, lease.class)}, ${shortId(lease.machine_id)}`;
}

function price(run: Run): string {
  const lease = currentLease(run);
  return lease === undefined ? '-' : money(lease.price_per_hour);
}

export const commandText = (run: Run): string =>
  (run.spec.command ?? run.spec.entrypoint ?? []).join(' ') || (run.spec.image ?? '');

/** `running`, `starting: pulling`, `completed`, `exit 3`. */
export function runState(run: Run): string {
  if (run.state !== 'ended') {
    const phase = run.state === 'starting' ? currentLease(run)?.phase : null;
    return phase === null || phase === undefined ? run.state : `starting: ${phase}`;
  }
  if (run.end_reason === 'command_failed' && run.exit_code !== null) return `exit ${run.exit_code}`;
  return (run.end_reason ?? 'ended').replaceAll('_', ' ');
}

function shade(text: string, run: Run, look: Look): string {
  if (run.state === 'running') return look.good(text);
  if (run.state !== 'ended') return look.attention(text);
  if (run.end_reason === 'completed') return text;
  return run.end_reason === 'stopped_by_renter' ? look.dim(text) : look.bad(text);
}

/** The last lines of an attached run: how it ended, what was served, what it cost, what came back. */
export function renderEnd(run: Run, look: Look, width: number): string {
  const reason = run.end_reason === null ? 'It ended.' : endReasons[run.end_reason].sentence;
  const good = run.end_reason === 'completed' || run.end_reason === 'stopped_by_renter';
  const words = run.end_detail === null ? reason : `${reason} ${plain(run.end_detail)}`; // the machine's own, so anything
  const head = `${good ? look.good('ended') : look.bad('ended')}  ${folded(words, width)}`;
  const billed = sum(run.leases.map((lease) => lease.billed_s));
  const unbilled = sum(run.leases.map((lease) => lease.unbilled_s));
  const unspent = BigInt(run.budget.micros) - BigInt(run.cost.micros);
  const paid =
    billed === 0 && run.cost.micros === 0
      ? 'nothing was charged'
      : `${formatDuration(billed)} billed, ${money(run.cost)}`;
  const parts = [
    ...(run.exit_code === null || run.end_detail?.includes(`code ${run.exit_code}`)
      ? []
      : [`exit code ${run.exit_code}`]),
    paid,
    ...(unbilled === 0 ? [] : [`${formatDuration(unbilled)} not billed`]),
    ...(unspent > 0n ? [`${money(unspent)} of the budget unspent`] : []),
  ];
  return `${head}\n${INDENT}${folded(parts.join(' · '), width)}`;
}

/** As wide as `ended  `. */
const INDENT = ' '.repeat(7);
const folded = (text: string, width: number): string => wrap(text, width - INDENT.length).join(`\n${INDENT}`);
