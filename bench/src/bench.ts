/** One published number, or a few that belong together, with the baseline they are held against. */
export type Bench = {
  name: string;
  /** One line for a person: what is measured, against what. */
  what: string;
  run(options: BenchOptions): Promise<BenchResult>;
};

/** `quick`: a few rounds, to see that the bench itself works; its numbers are not for publishing. */
export type BenchOptions = { quick: boolean; say(line: string): void };

/** `rows`: the table, every row with the same columns. `json`: all that was measured, raw values included. */
export type BenchResult = { rows: Record<string, string>[]; json: unknown };
