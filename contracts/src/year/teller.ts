import { formatUnits } from '@gpucoop/policy/decimal.ts';

/** Prints a play, act by act, and stops it at the first number that the chain and the policy do not agree on to the last unit. */
export type Teller = {
  act(title: string, words: string): void;
  say(words: string): void;
  /** One line: what the chain says, once the policy has computed the same. */
  agree(label: string, amounts: { chain: bigint; policy: bigint }, unit: Unit): void;
  heading(columns: string): void;
  end(): void;
};
export type Unit = { name: string; decimals: number };
export type Closing = { label: string; amount: bigint; unit: Unit };

const WIDTH = 110;
const SHOWN_DECIMALS = 6;

export function startTeller(write: (text: string) => void): Teller & { closing: Closing[] } {
  let acts = 0;
  let isNewAct = false;
  let rows: Closing[] = [];
  const flush = (): void => {
    if (rows.length > 0) write(`${aligned(rows)}\n`);
    isNewAct &&= rows.length === 0;
    rows = [];
  };
  return {
    get closing() {
      return rows;
    },
    act(title, words) {
      flush();
      acts += 1;
      write(`\n${acts}. ${title}\n\n${wrapped(words)}\n\n`);
      isNewAct = true;
    },
    say(words) {
      flush();
      write(`${wrapped(words)}\n`);
    },
    heading(columns) {
      flush();
      write(`${isNewAct ? '' : '\n'}  ${columns}\n`);
      isNewAct = false;
    },
    agree(label, { chain, policy }, unit) {
      if (chain !== policy) {
        flush();
        const [one, other] = [chain, policy].map((amount) => `${formatUnits(amount, unit.decimals)} ${unit.name}`);
        throw new Error(`${label}: the chain says ${one}, the policy computes ${other}; ${chain - policy} units apart`);
      }
      rows.push({ label, amount: chain, unit });
    },
    end: flush,
  };
}

/** `12,500,000.25`, with the decimals that a person reads, rounded toward zero. Every comparison is of all of them. */
export function shown(amount: bigint, { decimals }: Pick<Unit, 'decimals'>): string {
  const [whole, fraction = ''] = formatUnits(amount, decimals).split('.') as [string, string?];
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return decimals === 0 ? grouped : `${grouped}.${fraction.padEnd(decimals, '0').slice(0, SHOWN_DECIMALS)}`;
}

/** `25 Jun 2024 12:00`, UTC. */
export function dateOf(at: bigint): string {
  const [, day, month, year, time] = new Date(Number(at) * 1000).toUTCString().split(' ');
  return `${day} ${month} ${year} ${time!.slice(0, 5)}`;
}

function aligned(rows: readonly Closing[]): string {
  const numbers = rows.map(({ amount, unit }) => shown(amount, unit).split('.') as [string, string?]);
  const widest = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length));
  const labels = widest(rows.map(({ label }) => label));
  const wholes = widest(numbers.map(([whole]) => whole));
  const fractions = widest(numbers.map(([, fraction]) => (fraction === undefined ? '' : `.${fraction}`)));
  return rows
    .map(({ label, unit }, n) => {
      const [whole, fraction] = numbers[n]!;
      const rest = fraction === undefined ? '' : `.${fraction}`;
      return `  ${label.padEnd(labels)}  ${whole.padStart(wholes)}${rest.padEnd(fractions)} ${unit.name}`;
    })
    .join('\n');
}

function wrapped(words: string): string {
  const lines = [''];
  for (const word of words.split(/\s+/)) {
    if (lines.at(-1)!.length + word.length >= WIDTH) lines.push(word);
    else lines.push([lines.pop()!, word].filter((part) => part !== '').join(' '));
  }
  return lines.join('\n');
}
