import { readFileSync } from 'node:fs';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { ParsedSpec } from '@gpucoop/protocol/spec-build.ts';
import { parseSpecFile, specFromFlags } from '@gpucoop/protocol/spec-file.ts';
import type { RunFlags } from '@gpucoop/protocol/spec-flags.ts';
import { askSecret } from '../ask.ts';
import type { FlagValues, Flags } from '../grammar.ts';
import type { Terminal } from '../terminal.ts';
import { readEnvFile } from './env-file.ts';

/** The flags that describe what to run; `coop run` and `coop apply` share them. */
export const specFlags = {
  gpu: { type: 'string', value: 'GPU', about: 'Class, memory and number of GPUs: 24GB.., A100:80GB:2, rtx-4090' },
  image: { type: 'string', value: 'IMAGE', about: "Container image; without it the machine's own base image" },
  cpu: { type: 'string', value: 'N', about: 'CPUs: 2, 4.., 2..8' },
  memory: { type: 'string', value: 'SIZE', about: 'Memory: 4GB, 16GB..' },
  disk: { type: 'string', value: 'SIZE', about: 'Disk: 10GB, 100GB..' },
  'shm-size': { type: 'string', value: 'SIZE', about: 'Shared memory (/dev/shm)' },
  arch: { type: 'string', value: 'ARCH', about: 'Processor architecture: amd64, arm64' },
  env: {
    type: 'string',
    short: 'e',
    value: 'K=V',
    about: 'A variable; NAME alone takes it from your environment',
    multiple: true,
  },
  'env-file': { type: 'string', value: 'FILE', about: 'Variables, one K=V a line', multiple: true },
  secret: {
    type: 'string',
    value: 'NAME',
    about: 'A variable whose value is asked for without echo, or read from stdin (NAME=-)',
    multiple: true,
  },
  name: { type: 'string', value: 'NAME', about: 'Name of the run' },
  workdir: { type: 'string', short: 'w', value: 'DIR', about: 'Directory in the container' },
  user: { type: 'string', short: 'u', value: 'USER', about: 'User in the container' },
  entrypoint: { type: 'string', value: 'COMMAND', about: "Instead of the image's own" },
  port: {
    type: 'string',
    short: 'p',
    value: 'PORT',
    about: 'A port that the workload listens on, for coop port',
    multiple: true,
  },
  ready: {
    type: 'string',
    value: 'PROBE',
    about: 'When it counts as ready and is billed: started, tcp:8000 or http:8000/health',
  },
  'registry-user': {
    type: 'string',
    value: 'USER',
    about: 'For a private registry; the password is asked for or read from stdin',
  },
  'max-price': { type: 'string', value: 'DOLLARS', about: 'Most an hour may cost: 0.50' },
  budget: { type: 'string', short: 'b', value: 'DOLLARS', about: 'Most the whole run may cost: 2' },
  'max-duration': { type: 'string', short: 't', value: 'TIME', about: 'Longest it may run: 2h, 3d' },
  where: { type: 'string', value: 'EXPR', about: "Only offers that meet it: 'reliability>=0.98 region=eu'" },
  region: { type: 'string', value: 'REGION', about: 'Only there', multiple: true },
  isolation: {
    type: 'string',
    value: 'LEVEL',
    about: 'The weakest that will do',
    choices: ['none', 'container', 'sandbox'],
  },
  offer: { type: 'string', value: 'OFF_ID', about: 'This offer and no other' },
  'stop-grace': { type: 'string', value: 'TIME', about: 'Between asking the command to stop and ending it' },
  retry: { type: 'boolean', about: 'Run it once more elsewhere when the machine is lost or has no room' },
} as const satisfies Flags;

export type SpecFlags = FlagValues<typeof specFlags>;
export type SpecWithSecrets = ParsedSpec & { secrets: Record<string, string> };

/** The spec that flags (over a file, if there is one) describe, with the values of its secrets, which are in no spec. */
export async function readSpec(
  flags: SpecFlags,
  command: readonly string[],
  file: string | undefined,
  terminal: Terminal,
): Promise<SpecWithSecrets> {
  const wished = flags.secret.map((text) => ({ name: text.replace(/=-$/, ''), fromStdin: text.endsWith('=-') }));
  requireOneFromStdin(flags, wished.length, terminal);
  const given = await runFlags(
    flags,
    command,
    wished.map(({ name }) => name),
  );
  const password =
    flags['registry-user'] === undefined
      ? undefined
      : await askSecret(terminal, `Password of ${flags['registry-user']} at the registry`);
  if (password !== undefined) given.registryPassword = password;
  const parsed = file === undefined ? specFromFlags(given) : parseFile(file, given);
  const secrets: Record<string, string> = {};
  for (const { name } of wished) secrets[name] = await askSecret(terminal, `Value of ${name}`);
  for (const name of parsed.secretNames) secrets[name] ??= ownVariable(name);
  return { ...parsed, secrets };
}

function requireOneFromStdin(flags: SpecFlags, secrets: number, terminal: Terminal): void {
  const wanted = secrets + (flags['registry-user'] === undefined ? 0 : 1);
  const bad = flags.secret.find((text) => text.includes('=') && !text.endsWith('=-'));
  if (bad !== undefined) {
    throw new CoopError('invalid_request', 'A secret on the command line is seen by everybody on this computer.', {
      at: '--secret',
      hint: `Write --secret ${bad.split('=')[0]} and type the value when asked, or pipe it in with ${bad.split('=')[0]}=-.`,
    });
  }
  if (wanted > 1 && !terminal.interactive) {
    throw new CoopError('invalid_request', 'Only one secret can be read from stdin.', {
      at: '--secret',
      hint: 'Put the others into your environment and name them with --env NAME.',
    });
  }
}

async function runFlags(
  flags: SpecFlags,
  command: readonly string[],
  secretNames: readonly string[],
): Promise<RunFlags> {
  const fromFiles = (await Promise.all(flags['env-file'].map(readEnvFile))).flat();
  const env = lastWins([...fromFiles, ...flags.env, ...secretNames]);
  const where = [flags.where, flags.offer === undefined ? undefined : `id=${flags.offer}`]
    .filter((text) => text !== undefined)
    .join(' ');
  const texts = {
    gpu: flags.gpu,
    image: flags.image,
    cpu: flags.cpu,
    memory: flags.memory,
    disk: flags.disk,
    shmSize: flags['shm-size'],
    arch: flags.arch,
    name: flags.name,
    workdir: flags.workdir,
    user: flags.user,
    entrypoint: flags.entrypoint,
    ready: flags.ready,
    registryUsername: flags['registry-user'],
    maxPrice: flags['max-price'],
    budget: flags.budget,
    maxDuration: flags['max-duration'],
    isolation: flags.isolation,
    stopGrace: flags['stop-grace'],
    where: where === '' ? undefined : where,
  };
  return {
    ...(Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as RunFlags),
    ...(flags.retry && { retry: true }),
    ...(env.length > 0 && { env }),
    ...(flags.port.length > 0 && { port: flags.port }),
    ...(flags.region.length > 0 && { region: flags.region }),
    ...(command.length > 0 && { command }),
  };
}

/** Of several values of one variable the last counts, as with docker: files first, then flags. */
function lastWins(lines: readonly string[]): string[] {
  return [...new Map(lines.map((line) => [line.split('=')[0], line])).values()];
}

function ownVariable(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw new CoopError('invalid_request', `${name} is not set in your environment.`, {
    at: '--env',
    hint: `Set it, write --env ${name}=VALUE, or --secret ${name} to be asked.`,
  });
}

/** Says in which file a place is; a flag is its own place. */
function parseFile(file: string, flags: RunFlags): ParsedSpec {
  const text = readSpecText(file);
  try {
    return parseSpecFile(text, flags);
  } catch (error) {
    if (!(error instanceof CoopError) || error.at === undefined || error.at.startsWith('-')) throw error;
    const { code, message, hint, details, cause } = error;
    const at = `${file === '-' ? 'stdin' : file}, ${error.at}`;
    throw new CoopError(code, message, {
      at,
      ...(hint !== undefined && { hint }),
      ...(details !== undefined && { details }),
      cause,
    });
  }
}

function readSpecText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new CoopError('invalid_spec', `${file} cannot be read.`, {
      hint: 'coop apply -f FILE; - reads it from stdin.',
      cause,
    });
  }
}
