import { z } from 'zod';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { readJson, readSecretFile, writeJson } from './home.ts';
import type { Home } from './home.ts';

/** Which networks this user knows, and the keys got there. config.json may be shown to anybody, credentials.json to nobody. */

const Context = z.object({
  server: z.string(),
  fingerprint: z.string().optional().describe('SHA-256 of the server certificate, pinned at login'),
  ca: z.string().optional().describe('PEM'),
});
export type Context = z.infer<typeof Context>;

const Config = z.object({ current: z.string().nullable(), contexts: z.record(z.string(), Context) });
export type Config = z.infer<typeof Config>;

const Credential = z.object({ api_key: z.string(), user_id: z.string(), expires_at: z.string().nullable() });
export type Credential = z.infer<typeof Credential>;
const Credentials = z.record(z.string(), Credential);

export async function readConfig(home: Home): Promise<Config> {
  return parse(Config, (await readJson(home.config)) ?? { current: null, contexts: {} }, home.config);
}

export async function saveContext(home: Home, name: string, context: Context): Promise<void> {
  const config = await readConfig(home);
  await writeJson(home.config, { current: name, contexts: { ...config.contexts, [name]: context } });
}

export async function readCredential(home: Home, name: string): Promise<Credential | undefined> {
  return (await readCredentials(home))[name];
}

export async function saveCredential(home: Home, name: string, credential: Credential): Promise<void> {
  await writeJson(home.credentials, { ...(await readCredentials(home)), [name]: credential });
}

async function readCredentials(home: Home): Promise<Record<string, Credential>> {
  const text = await readSecretFile(home.credentials);
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CoopError('invalid_request', `${home.credentials} is not valid JSON.`, {
      hint: 'Delete it and log in again.',
      cause,
    });
  }
  return parse(Credentials, value, home.credentials);
}

function parse<Shape extends z.ZodType>(shape: Shape, value: unknown, path: string): z.infer<Shape> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new CoopError('invalid_request', `${path} is not as Coop wrote it: ${issue.message}.`, {
    at: issue.path.join('.'),
    hint: 'Repair it, or move it away and log in again.',
  });
}

export type ChosenContext = Context & { name: string };

/** COOP_SERVER first, then `--context`, then the current one. Undefined: there is none yet. */
export async function chooseContext(
  home: Home,
  env: NodeJS.ProcessEnv,
  wished: string | undefined,
): Promise<ChosenContext | undefined> {
  const config = await readConfig(home);
  const server = env['COOP_SERVER'];
  if (server !== undefined && server !== '') {
    const known = Object.entries(config.contexts).find(([, one]) => one.server === normalServer(server));
    return known === undefined
      ? { name: normalServer(server), server: normalServer(server) }
      : { name: known[0], ...known[1] };
  }
  const name = wished ?? config.current;
  if (name === null || name === undefined) return undefined;
  const context = config.contexts[name];
  if (context === undefined) {
    const known = Object.keys(config.contexts);
    throw new CoopError('not_found', `There is no context "${name}".`, {
      hint: known.length === 0 ? 'Log in first: coop login SERVER' : `There are: ${known.join(', ')}.`,
    });
  }
  return { name, ...context };
}

/** `example.org:7070` → `https://example.org:7070`; loopback without a scheme is plain HTTP. */
export function normalServer(typed: string): string {
  const withScheme = /^https?:\/\//.test(typed) ? typed : `${isLoopback(typed) ? 'http' : 'https'}://${typed}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch (cause) {
    throw new CoopError('invalid_request', `"${typed}" is not the address of a server.`, {
      hint: 'Write it like https://coop.example.org:7070',
      cause,
    });
  }
  return url.origin;
}

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(\/|$)/.test(host);
