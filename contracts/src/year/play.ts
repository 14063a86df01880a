import { openStage, type Stage } from './stage.ts';
import { startTeller, type Closing, type Teller } from './teller.ts';

export type Year = {
  /** When the chain begins, in unix seconds. */
  startsAt: bigint;
  /** How many make a year. */
  epochs: number;
  play(stage: Stage, teller: Teller, epochs: number): Promise<void>;
};

/** Plays so many epochs on a chain that is gone afterwards. Returns the rows of the last act: what everybody has. */
export async function playYear(year: Year, epochs: number, write: (text: string) => void): Promise<readonly Closing[]> {
  const stage = await openStage(year.startsAt);
  const teller = startTeller(write);
  try {
    await year.play(stage, teller, epochs);
    const closing = [...teller.closing];
    teller.end();
    write('\nEvery number above was read from the chain and is what policy/ computes, to the last unit.\n');
    return closing;
  } finally {
    await stage.close();
  }
}
