import { pino, type DestinationStream, type Logger } from 'pino';

export type LogOptions = {
  level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  destination?: DestinationStream;
};

/** Structured lines on standard error, without secrets: neither under their names at any depth, nor as our own tokens in any text. */
export function createLog(options: LogOptions = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactedEntry },
      // What a child log is bound to passes no formatter; pino's own redaction sees it, by exact names.
      redact: { paths: boundSecrets, censor: HIDDEN },
      hooks: { streamWrite: withoutTokens },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

const HIDDEN = '[hidden]';
const boundSecrets = [
  'authorization',
  'token',
  'secret',
  'password',
  'registry_auth',
  'api_key',
  'private_key',
  'env',
  'secrets',
];
const DEPTH_MAX = 8;
const secretName =
  /^(authorization|cookie|set-cookie|signature|nonce)$|token|secret|password|passwd|registry_?auth|private_?key|api_?key/i;
/** Their names tell nothing, their values may be anything. */
const hiddenValues = /^(env|environment|secrets)$/i;
/** An API key, wherever it stands: in a URL, in somebody else's error message. Join tokens likewise. */
const ownTokens = /\b(coop_key_[0-9a-z]{26}_|jtk_)[0-9a-z]{16,}/g;

function withoutTokens(line: string): string {
  return line.replace(ownTokens, `$1${HIDDEN}`);
}

const redactedEntry = (entry: object) => redacted(entry, 0) as Record<string, unknown>;

function redacted(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Error || value instanceof Date) return value;
  if (depth === DEPTH_MAX) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      if (secretName.test(name)) return [name, item === undefined || item === null ? item : HIDDEN];
      if (hiddenValues.test(name) && typeof item === 'object' && item !== null) {
        return [name, Object.fromEntries(Object.keys(item as object).map((key) => [key, HIDDEN]))];
      }
      return [name, redacted(item, depth + 1)];
    }),
  );
}
