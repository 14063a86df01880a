import { expect, test } from 'vitest';
import { cpuProver } from '../cpu/cpu-prover.ts';
import { answersOf, knownAnswers, testWork } from './self-test.ts';

test.each([256, 1024, 2048] as const)(
  'the answers that cards of side %i are held against are the processor’s',
  async (n) => {
    const work = await cpuProver().begin('cpu', testWork(n));
    try {
      expect(await answersOf(work, n)).toBe(knownAnswers[n]);
    } finally {
      await work.close();
    }
  },
);
