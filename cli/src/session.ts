import { createClient } from '@gpucoop/sdk/client.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import type { Signer } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { chooseContext, readCredential, saveCredential } from './contexts.ts';
import type { ChosenContext, Context } from './contexts.ts';
import { explainCalls } from './explain.ts';
import type { CommonFlags } from './grammar.ts';
import type { Terminal } from './terminal.ts';
import { coopHome } from './home.ts';
import type { Home } from './home.ts';
import { readSigner } from './login-key.ts';

export type Session = { client: Client; home: Home; context: ChosenContext; signer: Signer | undefined };

/** What opening a session needs of a command's input. */
export type Asking = { flags: CommonFlags; terminal: Terminal };

const RENEW_BEFORE_MS = 60_000;

/** A client of the chosen network. A login that has run out is renewed with the local key, without a word. */
export async function openSession({ flags, terminal }: Asking, env: NodeJS.ProcessEnv = process.env): Promise<Session> {
  const home = coopHome(env);
  const context = await chooseContext(home, env, flags.context);
  if (context === undefined) {
    throw new CoopError('unauthenticated', 'No network is known here yet.', {
      hint: 'Start one on this machine with coop up, or join one with coop login SERVER.',
    });
  }
  const signer = await readSigner(home.loginKey);
  const apiKey = (env['COOP_API_KEY'] || undefined) ?? (await validKey(home, context, terminal.nowMs()));
  const client = clientFor(context, {
    ...(apiKey !== undefined && { apiKey }),
    ...(signer !== undefined && { signer }),
  });
  if (terminal.explain) explainCalls(context.server, terminal);
  if (apiKey === undefined) await renew(client, home, context, signer);
  return { client, home, context, signer };
}

export function clientFor(context: Context, who: { apiKey?: string; signer?: Signer }): Client {
  const { server, ca, fingerprint } = context;
  return createClient({
    server,
    userAgent: 'coop-cli',
    ...(who.apiKey !== undefined && { apiKey: who.apiKey }),
    ...(who.signer !== undefined && { key: who.signer }),
    tls: { ...(ca !== undefined && { ca }), ...(fingerprint !== undefined && { fingerprint }) },
  });
}

async function validKey(home: Home, context: ChosenContext, nowMs: number): Promise<string | undefined> {
  const credential = await readCredential(home, context.name);
  if (credential === undefined) return undefined;
  const expiresMs = credential.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(credential.expires_at);
  return expiresMs - RENEW_BEFORE_MS > nowMs ? credential.api_key : undefined;
}

async function renew(client: Client, home: Home, context: ChosenContext, signer: Signer | undefined): Promise<void> {
  if (signer === undefined) {
    throw new CoopError('unauthenticated', `You are not logged in to ${context.name}.`, {
      hint: `coop login ${context.server}`,
    });
  }
  const { user, key } = await client.auth.login();
  await saveCredential(home, context.name, { api_key: key.secret, user_id: user.id, expires_at: key.expires_at });
}
