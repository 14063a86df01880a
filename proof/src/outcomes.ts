/** How a verification can end. The numbers stand in verdicts and never change their meaning. */
export const outcomes = {
  proved: { code: 0, says: 'the machine has what the bounds say' },
  no_commitment: { code: 1, says: 'the work was not done in time' },
  no_roots: { code: 2, says: 'a residency pass was not answered in time' },
  no_openings: { code: 3, says: 'the openings did not come in time' },
  malformed: { code: 4, says: 'a message was not the one that was due, byte for byte' },
  bad_signature: { code: 5, says: 'a message was not signed by the key of the challenge' },
  row_not_committed: { code: 6, says: 'an opened row is not in the commitment' },
  leaf_not_committed: { code: 7, says: 'an opened result is not in the commitment' },
  wrong_entry: { code: 8, says: 'an opened result is not what the work gives' },
  digest_not_committed: { code: 9, says: 'a residency digest is not that of the row which was committed' },
  link_lost: { code: 10, says: 'the connection ended in the middle; nothing is concluded' },
} as const;
export type Outcome = keyof typeof outcomes;

export function outcomeOf(code: number): Outcome | undefined {
  return (Object.keys(outcomes) as Outcome[]).find((name) => outcomes[name].code === code);
}
