import { parseArgs } from 'node:util';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { stateDirectory, type AgentConfig } from './config.ts';

export const usage = `Usage: coop-agent COMMAND (or coop agent COMMAND, where coop is)

  enrol --server URL --token TOKEN   make this computer a machine of a network
        [--ca FILE] [--name NAME]    the server's certificate; this machine's name
        [--engine auto|docker|podman|process] [--engine-socket PATH]
  run                                serve; Ctrl-C ends the agent, leases run on
  status                             what it is and does
  doctor                             what keeps it from earning
  service install|status|remove      run it always, by systemd
  uninstall [--force]                take everything away; --force ends leases
  uninstall --strays                 only what agents left whose directory is gone

  --state DIR   where its key and records are     --json   for programs
`;

const commands = ['run', 'enrol', 'status', 'doctor', 'service', 'uninstall', 'help'] as const;
const engines = ['auto', 'docker', 'podman', 'process'] as const;
const serviceVerbs = ['install', 'status', 'remove'] as const;

export type Arguments = {
  command: (typeof commands)[number];
  stateDir: string;
  /** Where the join script put the program; null when it runs from a checkout. */
  installDir: string | null;
  json: boolean;
  server: string | undefined;
  token: string | undefined;
  caFile: string | null;
  name: string;
  engine: AgentConfig['engine'] | undefined;
  engineSocket: string | null;
  simulateGpus: boolean;
  force: boolean;
  strays: boolean;
  serviceVerb: (typeof serviceVerbs)[number];
};

export function readArguments(argv: string[], env: NodeJS.ProcessEnv, hostName: string): Arguments {
  const { values, positionals } = parse(argv);
  const command = oneOf(commands, values.help ? 'help' : (positionals[0] ?? 'help'), 'command');
  const installDir = env['COOP_AGENT_DIR'] ?? null;
  return {
    command,
    installDir,
    stateDir: stateDirectory(values.state ?? (installDir === null ? undefined : `${installDir}/state`), env),
    json: values.json,
    server: values.server,
    // From the environment it is not seen by everybody who lists processes.
    token: values.token ?? env['COOP_JOIN_TOKEN'],
    caFile: values.ca ?? null,
    name: (values.name ?? hostName).slice(0, 63),
    engine: values.engine === undefined ? undefined : oneOf(engines, values.engine, '--engine'),
    engineSocket: values['engine-socket'] ?? null,
    simulateGpus: values['simulate-gpus'],
    force: values.force,
    strays: values.strays,
    serviceVerb: oneOf(serviceVerbs, positionals[1] ?? 'status', 'service'),
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        state: { type: 'string' },
        server: { type: 'string' },
        token: { type: 'string' },
        ca: { type: 'string' },
        name: { type: 'string' },
        engine: { type: 'string' },
        'engine-socket': { type: 'string' },
        'simulate-gpus': { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
        strays: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new CoopError('invalid_request', (error as Error).message, { hint: 'coop-agent help' });
  }
}

function oneOf<Word extends string>(words: readonly Word[], text: string, at: string): Word {
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new CoopError('invalid_request', `${at} is one of ${words.join(', ')}, not ${text}.`, {
    at,
    hint: 'coop-agent help',
  });
}
