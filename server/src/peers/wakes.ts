import { z } from 'zod';
import type { Logger } from 'pino';
import type { Database } from '../db/open.ts';

/**
 * What servers tell each other, so that nobody waits for his next look. Only hints: whoever hears one looks at the tables, and looks
 * there now and then on his own. So nothing is lost when one is.
 */
export type Word =
  /** Something is to be done about a lease, by the server that has the link of its machine. */
  | { lease: string; to: string }
  /** Something happened to a run. */
  | { run: string }
  /** A machine's link came up, with this epoch. */
  | { link: string; epoch: number }
  /** The servers are not the same as before. */
  | { servers: 'changed' };

export type Wakes = {
  /** Several words said at once are one notification, each said once. */
  say(word: Word): void;
  stop(): Promise<void>;
};

type WakesDeps = {
  database: Pick<Database, 'listen' | 'notify'>;
  serverId: string;
  log: Logger;
  /** Nothing is sent while nobody is there. */
  others(): boolean;
  /** Null: the connection was lost for a while, and anything may have been missed. */
  onWord(word: Word | null): void;
};

const CHANNEL = 'coop_wakes';
/** A notification holds at most 8,000 bytes, a word about 100. */
const WORDS_AT_ONCE = 64;

const Message = z.object({
  from: z.string(),
  words: z.array(
    z.union([
      z.object({ lease: z.string(), to: z.string() }),
      z.object({ run: z.string() }),
      z.object({ link: z.string(), epoch: z.number() }),
      z.object({ servers: z.literal('changed') }),
    ]),
  ),
});

export async function createWakes({ database, serverId, log, others, onWord }: WakesDeps): Promise<Wakes> {
  const waiting = new Map<string, Word>();
  let sending: Promise<void> | undefined;

  const unlisten = await database.listen(CHANNEL, (payload) => {
    if (payload === '') return onWord(null);
    const message = parse(payload);
    if (message === undefined) return log.warn({ payload: payload.slice(0, 200) }, 'a wake-up could not be read');
    if (message.from === serverId) return;
    for (const word of message.words) onWord(word);
  });

  async function send(): Promise<void> {
    while (waiting.size > 0) {
      const some = [...waiting].slice(0, WORDS_AT_ONCE);
      for (const [key] of some) waiting.delete(key);
      const words = some.map(([, word]) => word);
      await database.notify(CHANNEL, JSON.stringify({ from: serverId, words })).catch((error: unknown) => {
        log.debug({ err: error }, 'a wake-up was not sent'); // they look by themselves
      });
    }
    sending = undefined;
  }

  return {
    say(word) {
      if (!others() && !('servers' in word)) return;
      waiting.set(JSON.stringify(word), word);
      sending ??= Promise.resolve().then(send); // what is said in one go goes together
    },
    async stop() {
      await unlisten();
      await sending;
    },
  };
}

/** Undefined: a server of another version may say what this one does not know. */
function parse(payload: string): z.infer<typeof Message> | undefined {
  try {
    return Message.parse(JSON.parse(payload));
  } catch {
    return undefined;
  }
}
