import { Writable } from 'node:stream';
import pino, { type Logger } from 'pino';

/** JSON lines on standard error, or something to read when that is a terminal. Never an environment, a token or a key. */
export function openLog(env: NodeJS.ProcessEnv): Logger {
  const options = {
    level: env['COOP_LOG_LEVEL'] ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['token', 'env', 'registry_auth', 'secret', '*.token', '*.env', '*.registry_auth', '*.secret'],
    formatters: { level: (level: string) => ({ level }) },
  };
  return process.stderr.isTTY ? pino(options, readable()) : pino(options, pino.destination({ fd: 2, sync: true }));
}

const colours: Record<string, string> = {
  warn: '\u001b[33m',
  error: '\u001b[31m',
  fatal: '\u001b[31m',
  debug: '\u001b[2m',
};
const PLAIN = '\u001b[0m';

function readable(): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      process.stderr.write(`${readableLine(chunk.toString('utf8'))}\n`);
      done();
    },
  });
}

/** `12:04:31 lease accepted  lease_id=lse_…`. Exported for tests. */
export function readableLine(json: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown> & {
    err?: { message?: string };
  };
  const details = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const words = [
    String(time).slice(11, 19),
    msg,
    ...(err?.message === undefined ? [] : [`(${err.message})`]),
    ...(details.length > 0 ? ['', ...details] : []),
  ];
  const colour = colours[String(level)] ?? '';
  return `${colour}${words.join(' ')}${colour === '' ? '' : PLAIN}`;
}
