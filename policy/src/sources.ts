/** Where the numbers of a policy come from. They stand beside it, by key path, and are no part of what is hashed. */
export type Source = {
  /**
   * published: the network's own documents; code: read in its contracts or programs; reported: by others; derived: calculated from
   * those; assumed: never published, filled in so that the policy is whole, with how; ours: Coop's own rule.
   */
  kind: 'published' | 'code' | 'reported' | 'derived' | 'assumed' | 'ours';
  text: string;
  /** When the source said so. */
  date?: string;
};

/** A key covers everything below it; the longest one that fits counts. */
export type Sources = Readonly<Record<string, Source>>;

export function sourceOf(sources: Sources, path: string): Source | undefined {
  for (let key = path; ; key = key.slice(0, key.lastIndexOf('.'))) {
    if (Object.hasOwn(sources, key)) return sources[key];
    if (!key.includes('.')) return undefined;
  }
}

export const sourceText = ({ kind, text, date }: Source): string =>
  `${kind}: ${text}${date === undefined ? '' : ` (${date})`}`;
