import type { Policy } from '@gpucoop/policy/policy.ts';
import { dollars, tokens } from '../values.ts';
import type { Question } from './question.ts';

/** One line of an explanation: what comes out, and how. */
export type Answer = {
  title: string;
  value: string;
  formula: string;
  /** The numbers that come out, every digit: smallest units of the token, micros of a dollar, seconds. */
  exact?: Record<string, string>;
};
export type Answering = (policy: Policy, question: Question) => Answer[];

/** Tokens, and what they are worth. */
export function worth(amount: bigint, policy: Policy, question: Question): string {
  return `${tokens(rounded(amount, policy), policy.token)} = ${usd(inDollars(amount, policy, question))}`;
}

export function inDollars(amount: bigint, { name, token }: Policy, question: Question): bigint {
  return (amount * question.tokenMicros(name)) / 10n ** BigInt(token?.decimals ?? 18);
}

/** Dollars for a reader: cents from ten dollars on, below that hundredths of a cent, and for less what it takes. */
export function usd(micros: bigint): string {
  const step = micros >= 10_000_000n || micros % 10_000n === 0n ? 10_000n : micros >= 1000n ? 100n : 1n;
  return dollars(((micros + step / 2n) / step) * step);
}

/** To a ten-thousandth of a token: what comes out of a division has no more to say. */
function rounded(amount: bigint, { token }: Policy): bigint {
  const step = 10n ** BigInt(Math.max(0, (token?.decimals ?? 18) - 4));
  return amount < step ? amount : (amount / step) * step;
}
