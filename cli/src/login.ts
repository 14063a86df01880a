import { userInfo } from 'node:os';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { agreed } from './ask.ts';
import { chooseContext, normalServer, readConfig, saveContext, saveCredential } from './contexts.ts';
import type { Context } from './contexts.ts';
import { explainCalls } from './explain.ts';
import { command } from './grammar.ts';
import { coopHome } from './home.ts';
import type { Home } from './home.ts';
import { readOrMakeSigner } from './login-key.ts';
import { money } from './look/units.ts';
import { presentedCertificate } from './presented-certificate.ts';
import { clientFor } from './session.ts';
import type { Terminal } from './terminal.ts';

export const login = command({
  about: 'Log in to a network, with the key of this computer',
  details:
    'The key is made at the first login and stays in $COOP_HOME/login.key. It is your account: keep a copy.\n' +
    'A server whose certificate no public authority vouches for shows its fingerprint, which is asked about once and then pinned.',
  positionals: [{ name: 'SERVER', about: 'Its address; without one the current network', optional: true }],
  flags: {
    fingerprint: { type: 'string', value: 'SHA256', about: "Of the server's certificate, as its operator told you" },
    as: { type: 'string', value: 'NAME', about: 'Name of this context here; otherwise the host' },
    name: { type: 'string', value: 'NAME', about: 'Your name there, when you are new' },
    yes: { type: 'boolean', short: 'y', about: 'Trust the certificate that is shown' },
  },
  examples: [
    [
      'coop login https://coop.example.org:7070 --fingerprint 3f9a…',
      'Join the network of somebody who told you the fingerprint.',
    ],
  ],
  run: async ({ flags, args, terminal }) => {
    const home = coopHome(process.env);
    const { name, context } = await whereTo(home, args[0], flags.as, flags.context);
    const trusted = await trust(context, flags.fingerprint, flags.yes, terminal);
    const signer = await readOrMakeSigner(home.loginKey);
    if (terminal.explain) explainCalls(trusted.server, terminal);
    const client = clientFor(trusted, { signer });
    const { user, key } = await client.auth.login({ name: flags.name ?? userInfo().username });
    await saveContext(home, name, trusted);
    await saveCredential(home, name, { api_key: key.secret, user_id: user.id, expires_at: key.expires_at });
    const balance = await client.money.balance();
    if (terminal.json) return terminal.printJson({ context: name, server: trusted.server, user, balance });
    terminal.print(
      `${terminal.look.good('logged in')}  ${user.name} at ${trusted.server}, ${money(balance.available)} to spend`,
    );
  },
});

async function whereTo(
  home: Home,
  typed: string | undefined,
  as: string | undefined,
  wished: string | undefined,
): Promise<{ name: string; context: Context }> {
  if (typed === undefined) {
    const current = await chooseContext(home, process.env, wished);
    if (current === undefined)
      throw new CoopError('invalid_request', 'coop login needs the address of a server.', {
        hint: 'coop login https://coop.example.org:7070',
      });
    const { name, ...context } = current;
    return { name: as ?? name, context };
  }
  const server = normalServer(typed);
  const known = Object.entries((await readConfig(home)).contexts).find(([, context]) => context.server === server);
  return { name: as ?? known?.[0] ?? new URL(server).host, context: known?.[1] ?? { server } };
}

/** Trust on first use: what was pinned must still be shown; what is new and unvouched for is asked about. */
async function trust(
  context: Context,
  fingerprint: string | undefined,
  yes: boolean,
  terminal: Terminal,
): Promise<Context> {
  const wanted = fingerprint
    ?.replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (wanted !== undefined && !/^[0-9a-f]{64}$/.test(wanted)) {
    throw new CoopError('invalid_request', 'A fingerprint is 64 hex digits.', { at: '--fingerprint' });
  }
  const shown = await presentedCertificate(context.server);
  if (shown === undefined) return wanted === undefined ? context : noCertificate(context.server);
  const pinned = wanted ?? context.fingerprint;
  if (pinned !== undefined) {
    if (pinned === shown.fingerprint) return { ...context, fingerprint: pinned };
    throw new CoopError('invalid_signature', `${context.server} shows another certificate than expected.`, {
      hint: 'If its operator made a new one, give its fingerprint with --fingerprint; otherwise somebody is in between.',
      details: { expected: pinned, shown: shown.fingerprint },
    });
  }
  if (shown.trusted || context.ca !== undefined) return context;
  terminal.aside(
    `No public authority vouches for ${context.server}. Its certificate has the fingerprint\n\n  ${terminal.asideLook.bold(inPairs(shown.fingerprint))}\n`,
  );
  if (yes || (await agreed(terminal, 'Is that what its operator told you?')))
    return { ...context, fingerprint: shown.fingerprint };
  throw new CoopError('invalid_signature', 'The certificate was not trusted; nothing was sent.');
}

const inPairs = (hex: string): string => hex.toUpperCase().match(/../g)!.join(':');

function noCertificate(server: string): never {
  throw new CoopError('invalid_request', `${server} is plain HTTP and has no certificate.`, {
    at: '--fingerprint',
    hint: 'Write https://.',
  });
}
