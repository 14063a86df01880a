import type pg from 'pg';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

type Handler = (payload: string) => void;

/**
 * LISTEN on a connection of its own, made at the first call and re-made with backoff when it breaks.
 * After it was re-made every handler is called with an empty payload, since notifications may have been missed.
 */
export function listenOn(connect: () => pg.Client) {
  const handlers = new Map<string, Set<Handler>>();
  let client: Promise<pg.Client> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  async function open(): Promise<pg.Client> {
    const opened = connect();
    opened.on('error', () => {}); // 'end' follows, and is what is acted upon
    opened.on('notification', ({ channel, payload }) => {
      for (const handler of handlers.get(channel) ?? []) handler(payload ?? '');
    });
    await opened.connect();
    for (const channel of handlers.keys()) await opened.query(`listen ${channel}`);
    opened.once('end', () => reopen(FIRST_RETRY_MS));
    return opened;
  }

  function reopen(delayMs: number): void {
    if (closed) return;
    client = undefined;
    retry = setTimeout(() => {
      client = open();
      client.then(
        () => handlers.forEach((set) => set.forEach((handler) => handler(''))),
        () => reopen(Math.min(delayMs * 2, LONGEST_RETRY_MS)),
      );
    }, delayMs);
  }

  return {
    async listen(channel: string, handler: Handler): Promise<() => Promise<void>> {
      assertChannel(channel);
      const set = handlers.get(channel) ?? new Set();
      handlers.set(channel, set.add(handler));
      try {
        client ??= open();
        await (await client).query(`listen ${channel}`);
      } catch (error) {
        set.delete(handler);
        client = undefined;
        throw error;
      }
      return async () => {
        set.delete(handler);
        if (set.size > 0) return;
        handlers.delete(channel);
        await (await client)?.query(`unlisten ${channel}`);
      };
    },
    async close(): Promise<void> {
      closed = true;
      clearTimeout(retry);
      await (await client?.catch(() => undefined))?.end();
    },
  };
}

/** Names that need no quotes: the engines quote and fold others differently. */
export function assertChannel(channel: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(channel))
    throw new Error(`"${channel}" is no channel: lower-case letters, digits and _ only`);
}
