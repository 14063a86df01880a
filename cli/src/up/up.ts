import { CoopError } from '@gpucoop/protocol/problem.ts';
import { command } from '../grammar.ts';
import { coopHome } from '../home.ts';
import { parseListen } from './listen.ts';
import { startInBackground } from './background.ts';
import { runNetwork } from './run-network.ts';
import { startOver } from './start-over.ts';

export const up = command({
  about: 'Start a whole network on this machine',
  details:
    'A server, this computer as a provider, and your login with test credit. State lies in $COOP_HOME (~/.coop); a second start goes on from ' +
    'it. Without --listen only this computer can reach it.',
  flags: {
    port: { type: 'string', short: 'p', value: 'N', about: 'Port on this computer', default: '7070' },
    listen: { type: 'string', value: 'HOST:PORT', about: 'Let others in, with TLS: 0.0.0.0:7070' },
    cert: {
      type: 'string',
      value: 'FILE',
      about: 'Certificate for --listen; without one it is made, and pinned in the join line',
    },
    key: { type: 'string', value: 'FILE', about: 'Its key' },
    policy: {
      type: 'string',
      value: 'NAME|FILE',
      about: 'Economic rules of the network: standby, ionet, aethir or a file',
    },
    engine: {
      type: 'string',
      value: 'ENGINE',
      about: 'What runs workloads on this machine',
      choices: ['auto', 'docker', 'podman', 'process'],
      default: 'auto',
    },
    'no-machine': { type: 'boolean', about: 'Server only: this computer is no provider' },
    fresh: { type: 'boolean', about: 'Start over: end all leases here, delete network and agent' },
    detach: { type: 'boolean', short: 'd', about: 'Run in the background; coop down stops it' },
    yes: { type: 'boolean', short: 'y', about: 'Do not ask before --fresh' },
    background: { type: 'boolean', about: 'Started by --detach', hidden: true },
  },
  examples: [
    ['coop up', 'Everything, on this computer alone.'],
    ['coop up --listen 0.0.0.0:7070', 'Others may join with the line that coop machine add prints.'],
    ['coop up --detach', 'In the background.'],
  ],
  run: async ({ flags, terminal }) => {
    const home = coopHome(process.env);
    const at =
      flags.listen === undefined
        ? { host: '127.0.0.1', port: portOf(flags.port), listen: undefined }
        : parseListen(flags.listen);
    if (at.listen === undefined && (flags.cert !== undefined || flags.key !== undefined)) {
      throw new CoopError('invalid_request', 'A certificate is for --listen.', {
        at: '--cert',
        hint: 'coop up --listen 0.0.0.0:7070 --cert FILE --key FILE',
      });
    }
    if ((flags.cert === undefined) !== (flags.key === undefined)) {
      throw new CoopError('invalid_request', 'A certificate and its key go together.', {
        at: flags.cert === undefined ? '--cert' : '--key',
      });
    }
    if (flags.fresh && !(await startOver(home, flags.yes, terminal))) return 1;
    const { cert, key, policy, engine } = flags;
    const wish = { ...at, cert, key, policy, engine, machine: !flags['no-machine'], background: flags.background };
    return flags.detach ? startInBackground(home, wish, terminal) : runNetwork(home, wish, terminal);
  },
});

export type UpWish = {
  host: string;
  port: number;
  listen: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  policy: string | undefined;
  engine: string;
  machine: boolean;
  background: boolean;
};

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new CoopError('invalid_request', `"${text}" is no port.`, { at: '--port' });
}
