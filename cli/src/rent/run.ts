import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import { command } from '../grammar.ts';
import type { ExitCode, Flags } from '../grammar.ts';
import { shortId } from '../look/units.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { attach } from './attach.ts';
import { COOP_FAILED } from './exit-code.ts';
import { placeOrder } from './place.ts';
import { readSpec, specFlags } from './spec-input.ts';
import type { SpecWithSecrets } from './spec-input.ts';

const orderFlags = {
  wait: { type: 'boolean', about: 'Queue the order until something matches; providers see the demand' },
  'dry-run': { type: 'boolean', about: 'Show the quote and order nothing' },
  yes: { type: 'boolean', short: 'y', about: 'Do not ask; accept the quote as it is shown' },
  detach: { type: 'boolean', short: 'd', about: 'Order, print the id and leave' },
} as const satisfies Flags;

export const run = command({
  about: 'Rent a machine and run a command on it',
  details:
    'Shows a quote with every price line and asks. Then it shows the start, the logs and at last the bill. Billing is per second and ' +
    'begins when the command runs: pulling an image costs nothing.\n' +
    "The exit code is the command's own; 125 means that Coop failed, 126 and 127 are as with docker, 128+n is a signal.",
  rest: { name: 'COMMAND', about: 'What to run, with its arguments; without it what the image runs', optional: true },
  flags: { ...specFlags, ...orderFlags },
  failureCode: COOP_FAILED,
  examples: [
    ['coop run -- echo hello', "On the cheapest CPU, in the machine's base image."],
    [
      'coop run --gpu 24GB.. --image pytorch/pytorch --max-price 0.5 -- ./train.sh',
      'On any GPU with 24 GB or more, for 50 cents an hour or less.',
    ],
    [
      'coop run --gpu H100:8 --max-price 20 -b 200 --retry --wait -- ./train.sh',
      'Queue for eight H100s; go on elsewhere once if the machine is lost.',
    ],
    ['coop run -y -- cat results.csv > results.csv', 'Only what the command prints goes to stdout.'],
  ],
  run: async (input) => {
    const spec = await readSpec(input.flags, input.rest, undefined, input.terminal);
    return order((await openSession(input)).client, spec, input.flags, input.terminal);
  },
});

export const apply = command({
  about: 'Run what a spec file describes',
  details:
    'The file has the shape of a dstack run configuration, with what is our own under x-coop. Flags win over the file.',
  rest: { name: 'COMMAND', about: 'Instead of the commands in the file', optional: true },
  flags: {
    file: { type: 'string', short: 'f', value: 'FILE', about: 'The spec; - reads stdin' },
    ...specFlags,
    ...orderFlags,
  },
  failureCode: COOP_FAILED,
  examples: [
    ['coop apply -f train.yml', 'Quote, ask, run.'],
    ['coop apply -f train.yml --dry-run --max-price 0.30', 'What it would cost under another limit.'],
  ],
  run: async (input) => {
    const { file } = input.flags;
    if (file === undefined)
      throw new CoopError('invalid_request', 'coop apply needs a spec file.', {
        at: '--file',
        hint: 'coop apply -f spec.yml',
      });
    const spec = await readSpec(input.flags, input.rest, file, input.terminal);
    return order((await openSession(input)).client, spec, input.flags, input.terminal);
  },
});

type OrderFlags = { wait: boolean; 'dry-run': boolean; yes: boolean; detach: boolean };

async function order(client: Client, spec: SpecWithSecrets, flags: OrderFlags, terminal: Terminal): Promise<ExitCode> {
  const placed = await placeOrder(
    client,
    {
      spec: spec.spec,
      secrets: spec.secrets,
      registryAuth: spec.registryAuth ?? undefined,
      wait: flags.wait || spec.wait,
      yes: flags.yes,
      dryRun: flags['dry-run'],
    },
    terminal,
  );
  if (placed === undefined) {
    if (flags['dry-run']) return 0;
    terminal.aside('Nothing was ordered.');
    return COOP_FAILED;
  }
  if (terminal.json) terminal.printJson({ type: 'run', run: placed });
  if (!flags.detach) return attach(client, placed, terminal);
  if (!terminal.json) {
    terminal.print(placed.id);
    terminal.aside(
      terminal.asideLook.dim(`coop logs -f ${shortId(placed.id)} follows it; coop stop ${shortId(placed.id)} ends it.`),
    );
  }
  return 0;
}
