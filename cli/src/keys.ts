import { CoopError } from '@gpucoop/protocol/problem.ts';
import { keyScopes } from '@gpucoop/protocol/resources.ts';
import type { ApiKey, KeyScope } from '@gpucoop/protocol/resources.ts';
import { parseDuration } from '@gpucoop/protocol/sizes.ts';
import { nearest } from '@gpucoop/protocol/nearest.ts';
import { command } from './grammar.ts';
import type { Group } from './grammar.ts';
import { renderTable } from './look/table.ts';
import { relativeTime, shortId } from './look/units.ts';
import { openSession } from './session.ts';

const list = command({
  about: 'Your API keys',
  flags: {},
  run: async (input) => {
    const { terminal } = input;
    const { client } = await openSession(input);
    const keys = await client.keys.list();
    if (terminal.json) return terminal.printJson(keys);
    if (keys.length === 0) return terminal.aside('You have no API keys.');
    const nowMs = terminal.nowMs();
    terminal.print(
      renderTable<ApiKey>(
        [
          { title: 'KEY', value: (key) => shortId(key.id) },
          { title: 'NAME', value: (key) => key.name, shrinkTo: 10 },
          { title: 'MAY', value: (key) => key.scopes.join(', '), shrinkTo: 15 },
          { title: 'MADE', value: (key) => relativeTime(key.created_at, nowMs) },
          { title: 'LAST USED', value: (key) => relativeTime(key.last_used_at, nowMs) },
          {
            title: 'EXPIRES',
            value: (key) => (key.expires_at === null ? 'never' : relativeTime(key.expires_at, nowMs)),
          },
        ],
        keys,
        terminal.width,
        terminal.look,
      ),
    );
  },
});

const create = command({
  about: 'Make an API key for a program',
  details: 'It is shown once. A program uses it as COOP_API_KEY, with COOP_SERVER for the network.',
  positionals: [{ name: 'NAME', about: 'What it is for' }],
  flags: {
    scope: {
      type: 'string',
      short: 's',
      value: 'SCOPE',
      about: `What it may do: ${keyScopes.join(', ')}`,
      multiple: true,
    },
    expires: { type: 'string', value: 'TIME', about: 'After this long: 30d', default: '90d' },
  },
  examples: [['coop key create ci --scope runs:read --scope runs:write --expires 30d', 'For a build server.']],
  run: async (input) => {
    const { flags, args, terminal } = input;
    const scopes =
      flags.scope.length === 0 ? (['runs:read', 'runs:write', 'money:read'] as const) : flags.scope.map(scopeOf);
    const seconds = parseDuration(flags.expires);
    if (seconds === undefined)
      throw new CoopError('invalid_request', `"${flags.expires}" is no duration.`, {
        at: '--expires',
        hint: 'Write 30d, or off for a key without an end.',
      });
    const expires_at = seconds === 'off' ? null : new Date(terminal.nowMs() + seconds * 1000).toISOString();
    const { client } = await openSession(input);
    const key = await client.keys.create({ name: args[0]!, scopes: [...scopes], expires_at });
    if (terminal.json) return terminal.printJson(key);
    terminal.print(key.secret);
    terminal.aside(
      terminal.asideLook.dim(`Shown once. It may: ${scopes.join(', ')}. coop key remove ${shortId(key.id)} ends it.`),
    );
  },
});

function scopeOf(text: string): KeyScope {
  const known = keyScopes.find((scope) => scope === text);
  if (known !== undefined) return known;
  const [near] = nearest(text, keyScopes);
  throw new CoopError('invalid_request', `There is no scope ${text}.`, {
    at: '--scope',
    hint: near === undefined ? `There are: ${keyScopes.join(', ')}.` : `Did you mean ${near}?`,
  });
}

const remove = command({
  about: 'End API keys at once',
  positionals: [{ name: 'KEY', about: 'An id, the beginning of one, or a name', repeated: true }],
  flags: {},
  run: async (input) => {
    const { client } = await openSession(input);
    const keys = await client.keys.list();
    for (const typed of input.args) {
      const found = keys.filter((key) => key.id.startsWith(typed) || key.name === typed);
      if (found.length !== 1) {
        throw new CoopError(
          'not_found',
          found.length === 0 ? `You have no key ${typed}.` : `${typed} stands for several keys.`,
          { hint: 'coop key list shows them; name one by its id.' },
        );
      }
      await client.keys.revoke(found[0]!.id);
      if (input.terminal.json) input.terminal.printJson(found[0]);
      else input.terminal.print(`${found[0]!.name}  ended`);
    }
  },
});

export const key: Group = { about: 'API keys for programs', commands: { list, create, remove } };
