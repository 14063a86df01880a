/** What the policy's functions say that each should have, added up as the play goes on. */
export type Book = Map<string, bigint>;

export const add = (book: Book, name: string, amount: bigint): void =>
  void book.set(name, (book.get(name) ?? 0n) + amount);
