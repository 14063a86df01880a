import type { Balance, LedgerLine } from '@gpucoop/protocol/resources.ts';
import type { Look } from './colours.ts';
import { renderFields, renderTable } from './table.ts';
import { alignPoints, dayAndTime, exactMoney, shortId } from './units.ts';

/** Every transfer, oldest at the bottom of nothing: newest first, as the server gives them, amounts aligned at the point. */
export function renderLedger(lines: readonly LedgerLine[], look: Look, width: number): string {
  const amounts = alignPoints(lines.map((line) => signed(line)));
  const balances = alignPoints(lines.map((line) => exactMoney(line.balance)));
  const rows = lines.map((line, i) => ({ line, amount: amounts[i]!, balance: balances[i]! }));
  const amountWidth = Math.max(0, ...amounts.map((text) => text.length));
  const balanceWidth = Math.max(0, ...balances.map((text) => text.length));
  return renderTable(
    [
      { title: 'WHEN', value: ({ line }) => dayAndTime(line.at), dispensable: 1 },
      { title: 'KIND', value: ({ line }) => line.kind },
      {
        title: 'AMOUNT'.padStart(amountWidth),
        value: ({ amount }) => amount.padStart(amountWidth),
        style: (text, { line }) => shade(text, line, look),
      },
      { title: 'BALANCE'.padStart(balanceWidth), value: ({ balance }) => balance.padStart(balanceWidth) },
      { title: 'ACCOUNT', value: ({ line }) => line.account, dispensable: 3 },
      { title: 'FOR', value: ({ line }) => line.what, shrinkTo: 20 },
      {
        title: 'RUN',
        value: ({ line }) => (line.run_id === null ? '' : shortId(line.run_id)),
        dispensable: 2,
        style: look.dim,
      },
    ],
    rows,
    width,
    look,
  );
}

function signed(line: LedgerLine): string {
  const text = exactMoney(line.amount);
  return line.amount.micros > 0 ? `+${text}` : text;
}

function shade(text: string, line: LedgerLine, look: Look): string {
  if (line.kind === 'hold' || line.kind === 'release') return look.dim(text);
  return line.amount.micros > 0 ? look.good(text) : text;
}

export function renderBalance(balance: Balance, look: Look, width: number): string {
  const names = ['available', 'held', 'spent', 'earned'] as const;
  const amounts = alignPoints(names.map((name) => exactMoney(balance[name])));
  const size = Math.max(...amounts.map((text) => text.length));
  const notes = {
    available: 'can be spent',
    held: 'for the running hour of your leases; what is not used comes back',
    spent: 'in all',
    earned: 'as a provider, after fees',
  };
  return renderFields(
    names.map((name, i) => [name, `${amounts[i]!.padStart(size)}  ${look.dim(notes[name])}`] as const),
    look,
    width,
  );
}
