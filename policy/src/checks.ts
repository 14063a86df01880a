import { PPM } from './schema/amounts.ts';
import type { Checks } from './schema/checks.ts';

type Kind = Checks['kinds'][string];

/** How many members of the committee must say the same. */
export const answersNeeded = ({ committee, majority_ppm }: Pick<Kind, 'committee' | 'majority_ppm'>): number =>
  Number((BigInt(committee) * BigInt(majority_ppm)) / PPM) + 1;

/**
 * What a committee found: the answer that enough of all its members gave, silent ones counted. Who answered otherwise was wrong; who was
 * silent was neither. Undefined: nothing was found, and nobody was wrong.
 */
export function verdictOf(
  kind: Pick<Kind, 'committee' | 'majority_ppm'>,
  answers: readonly (string | null)[],
): { answer: string; right: number[]; wrong: number[] } | undefined {
  if (answers.length > kind.committee) throw new RangeError('more answers than members');
  const byAnswer = Map.groupBy(answers.keys(), (n) => answers[n]!);
  for (const [answer, right] of byAnswer) {
    if (answer === null || right.length < answersNeeded(kind)) continue;
    const wrong = [...answers.keys()].filter((n) => answers[n] !== null && answers[n] !== answer);
    return { answer, right, wrong };
  }
  return undefined;
}

/**
 * How often a lie about a machine's class is caught in a day, in millionths, by the best of the named kinds. Kinds that prove something
 * else and kinds in shadow catch nothing.
 */
export function catchesPerDayPpm(kinds: Checks['kinds'], names: readonly string[]): bigint {
  const rates = names.map((name) => {
    const kind = kinds[name];
    const counts = kind !== undefined && kind.proves === 'class' && !kind.shadow && kind.when !== 'enrolment';
    return counts ? (BigInt(kind.catches_ppm) * 86_400n) / BigInt(kind.every_s) : 0n;
  });
  return rates.reduce((best, rate) => (rate > best ? rate : best), 0n);
}
