import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { everyItem } from '@gpucoop/sdk/client.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import type { Inspection } from '@gpucoop/protocol/api.ts';
import { parseDollars, toMoney } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { User } from '@gpucoop/protocol/resources.ts';
import { chooseContext } from './contexts.ts';
import { explainCalls } from './explain.ts';
import { command } from './grammar.ts';
import type { Group } from './grammar.ts';
import { coopHome } from './home.ts';
import { readSigner } from './login-key.ts';
import type { Look } from './look/colours.ts';
import { renderTable } from './look/table.ts';
import { money, relativeTime } from './look/units.ts';
import { clientFor } from './session.ts';
import { programs, runToEnd } from './up/programs.ts';
import { whoRuns } from './up/running.ts';
import type { Asking } from './session.ts';

/** The administrator's key lies with the server ($COOP_HOME/network/admin.key); COOP_ADMIN_KEY_FILE names another place. */
export async function adminClient({ flags, terminal }: Asking): Promise<Client> {
  const home = coopHome(process.env);
  const context = await chooseContext(home, process.env, flags.context);
  if (context === undefined)
    throw new CoopError('unauthenticated', 'No network is known here yet.', { hint: 'coop login SERVER' });
  const path = process.env['COOP_ADMIN_KEY_FILE'] ?? join(home.network, 'admin.key');
  const signer = await readSigner(path);
  if (signer === undefined) {
    throw new CoopError('forbidden', `There is no administrator's key at ${path}.`, {
      hint: 'Run this where the server runs, or set COOP_ADMIN_KEY_FILE.',
    });
  }
  if (terminal.explain) explainCalls(context.server, terminal);
  const client = clientFor(context, { signer });
  await client.auth.login({ name: 'administrator' });
  return client;
}

const reasonFlag = { reason: { type: 'string', value: 'TEXT', about: 'Why; it is signed and public' } } as const;

const grant = command({
  about: 'Give a user credit',
  positionals: [
    { name: 'USER', about: 'Id' },
    { name: 'DOLLARS', about: 'How much' },
  ],
  flags: {
    ...reasonFlag,
    'idempotency-key': { type: 'string', value: 'KEY', about: 'The same key grants once, however often it is sent' },
  },
  run: async (input) => {
    const { args, flags, terminal } = input;
    const amount = parseDollars(args[1]!);
    if (amount === undefined || amount <= 0n)
      throw new CoopError('invalid_request', `"${args[1]}" is no amount of dollars.`, { hint: 'Write 10 or 0.50.' });
    const reason = requireReason(flags.reason);
    const idempotencyKey = flags['idempotency-key'];
    const client = await adminClient(input);
    const after = await client.admin.grant(
      { user_id: args[0]!, amount_micros: toMoney(amount).micros, reason },
      idempotencyKey === undefined ? {} : { idempotencyKey },
    );
    if (terminal.json) return terminal.printJson(after);
    terminal.print(`${money(amount)} granted; ${args[0]} has ${money(after.available)}`);
  },
});

function requireReason(reason: string | undefined): string {
  if (reason !== undefined && reason.trim() !== '') return reason;
  throw new CoopError('invalid_request', 'An override needs a reason.', {
    at: '--reason',
    hint: "--reason 'refund for the outage of 3 May'",
  });
}

const suspend = command({
  about: 'Suspend a user or a machine',
  positionals: [{ name: 'SUBJECT', about: 'Id of a user or a machine' }],
  flags: reasonFlag,
  run: async (input) => {
    const reason = requireReason(input.flags.reason);
    await (await adminClient(input)).admin.suspend({ subject: input.args[0]!, reason });
    input.terminal.print(`${input.args[0]} is suspended`);
  },
});

const resume = command({
  about: 'Lift a suspension',
  positionals: [{ name: 'SUBJECT', about: 'Id of a user or a machine' }],
  flags: reasonFlag,
  run: async (input) => {
    await (await adminClient(input)).admin.resume(input.args[0]!, input.flags.reason);
    input.terminal.print(`${input.args[0]} may go on`);
  },
});

const users = command({
  about: 'Everybody who has logged in',
  flags: {},
  run: async (input) => {
    const { terminal } = input;
    const client = await adminClient(input);
    const all: User[] = [];
    for await (const user of everyItem((page) => client.admin.users({ ...page, limit: 200 }))) all.push(user);
    if (terminal.json) return terminal.printJson(all);
    terminal.print(
      renderTable<User>(
        [
          { title: 'USER', value: (user) => user.id },
          { title: 'NAME', value: (user) => user.name, shrinkTo: 10 },
          {
            title: '',
            value: (user) =>
              [user.is_admin ? 'administrator' : '', user.suspended ? 'suspended' : ''].filter(Boolean).join(', '),
          },
          { title: 'SINCE', value: (user) => relativeTime(user.created_at, terminal.nowMs()) },
        ],
        all,
        terminal.width,
        terminal.look,
      ),
    );
  },
});

const inspect = command({
  about: 'Look for anything that is wrong: ledger sums, holds, reservations',
  details: 'Exits with 1 when something is.',
  flags: {},
  run: async (input) => {
    const found = await (await adminClient(input)).admin.inspect();
    if (input.terminal.json) input.terminal.printJson(found);
    else input.terminal.print(renderInspection(found, input.terminal.look));
    return found.problems.length === 0 ? 0 : 1;
  },
});

export function renderInspection({ assets, problems, counts }: Inspection, look: Look): string {
  const sums = assets.map(
    ({ asset, sum_micros, transfers }) =>
      `${sum_micros === 0 ? look.good('ok') : look.bad('wrong')}  ${asset}: ${transfers} transfers, all accounts sum to ${sum_micros}`,
  );
  const wrong = problems.map(({ what, ids }) => `${look.bad('wrong')}  ${what}: ${ids.join(', ')}`);
  const numbers = Object.entries(counts).map(([name, n]) => `${n} ${name.replaceAll('_', ' ')}`);
  return [
    ...sums,
    ...(wrong.length === 0 ? [`${look.good('ok')}  no hold and no reservation without its lease`] : wrong),
    look.dim(numbers.join(' · ')),
  ].join('\n');
}

const backup = command({
  about: 'Write a consistent archive of the database',
  positionals: [{ name: 'FILE', about: 'Where to; it is readable by you alone' }],
  flags: {},
  run: async (input) => {
    const file = input.args[0]!;
    const archive = await (await adminClient(input)).admin.backup();
    const beside = `${file}.part`;
    try {
      await pipeline(Readable.fromWeb(archive as never), createWriteStream(beside, { mode: 0o600, flush: true }));
      await rename(beside, file);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    input.terminal.print(`${file} is written. The keys in $COOP_HOME/network are not in it: keep them too.`);
  },
});

const restore = command({
  about: 'Read an archive into the empty database of this computer',
  details:
    'Nothing may be running here, and the database must be empty. With DATABASE_URL it is PostgreSQL that is filled.',
  positionals: [{ name: 'FILE', about: 'What coop admin backup wrote' }],
  flags: {},
  run: async ({ args, terminal }) => {
    const home = coopHome(process.env);
    const { running } = await whoRuns(home);
    if (running !== undefined)
      throw new CoopError('wrong_state', `coop up runs here, process ${running.pid}.`, { hint: 'coop down first.' });
    await runToEnd([programs.server, '--home', home.dir, '--restore', args[0]!], process.env, 'Restoring');
    terminal.print(`${args[0]} is restored. coop up starts the network from it.`);
  },
});

export const admin: Group = {
  about: 'For the administrator of a network',
  commands: { grant, suspend, resume, users, inspect, backup, restore },
};
