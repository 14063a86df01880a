import { z } from 'zod';
import { Duration, Name, Ppm, Seconds } from './amounts.ts';

/** How machines are looked at, by whom and how often. */
export const Checks = z.strictObject({
  by: z.enum(['operator', 'licences']).describe('The network’s operator, or holders of checker licences'),
  kinds: z.record(
    Name,
    z.strictObject({
      proves: z
        .enum(['alive', 'class', 'service'])
        .describe('That it is there, that it is what it says, that it serves'),
      every_s: Duration,
      when: z.enum(['enrolment', 'idle', 'rented', 'always']),
      committee: z.int().min(1).max(101).describe('Checkers of one check'),
      operators: z.int().min(1).max(101).describe('Different operators among them, at least'),
      majority_ppm: Ppm.describe('More than this share of the answers must agree'),
      answer_s: Duration.describe('Then another checker is asked'),
      catches_ppm: Ppm.describe('A lie that this kind is meant for is caught by one check with this probability'),
      shadow: z.boolean().describe('Measured and published, without consequence yet'),
    }),
  ),
  window_s: Duration.describe('A verdict on an epoch comes at latest this long after it'),
  wrong_most: z.int().min(1).describe('Wrong answers of a checker in wrong_window_s, then it is banned'),
  wrong_window_s: Duration,
  ban_s: Seconds,
});
export type Checks = z.output<typeof Checks>;
