/** What an agent may use of the server. Above what an honest agent needs: 1,024 leases make a heartbeat of about a megabyte. */
export type LinkLimits = {
  /** A nonce serves this long. */
  challengeMs: number;
  /** Both sides ping this often, and give the link up after this much silence. */
  pingMs: number;
  silentMs: number;
  /** From the upgrade to the head of the event stream, and from a request to the head of its answer. */
  answerMs: number;
  /** No event for this long: the agent's loop is dead though its socket lives. */
  eventSilenceMs: number;
  /** One WebSocket message, one line of events. */
  messageBytes: number;
  lineBytes: number;
  /** Facts are stored with every change. */
  factsBytes: number;
  /** The body of an answer, where the caller says nothing else. */
  answerBytes: number;
  openStreams: number;
  /**
   * Sustained rates and what may come at once. After an outage an agent sends what it has buffered, 50 lines a second; an embedded
   * database takes some milliseconds for each, and others wait meanwhile.
   */
  eventsPerSecond: number;
  eventsBurst: number;
  bytesPerSecond: number;
  bytesBurst: number;
  /** WebSocket pings and pongs from the agent. */
  controlsPerSecond: number;
  controlsBurst: number;
  /** Pauses before an event whose handling failed is tried again; after the last the link is closed. */
  retryMs: number[];
  /** A machine whose link was closed for flooding or nonsense is refused this long. */
  penaltyMs: number;
};

export const defaultLinkLimits: LinkLimits = {
  challengeMs: 60_000,
  pingMs: 10_000,
  silentMs: 25_000,
  answerMs: 15_000,
  eventSilenceMs: 120_000,
  messageBytes: 16 * 1024 * 1024,
  lineBytes: 4 * 1024 * 1024,
  factsBytes: 512 * 1024,
  answerBytes: 4 * 1024 * 1024,
  openStreams: 1024,
  eventsPerSecond: 100,
  eventsBurst: 400,
  bytesPerSecond: 2 * 1024 * 1024,
  bytesBurst: 32 * 1024 * 1024,
  controlsPerSecond: 5,
  controlsBurst: 100,
  retryMs: [100, 500, 2500],
  penaltyMs: 60_000,
};
