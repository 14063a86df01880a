import { execFile } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { postgresBinDir } from '../../test/support/needs.ts';

const run = promisify(execFile);

/** What a number depends on, without a name that would tell whose machine it is. */
export async function describeMachine(): Promise<Record<string, string>> {
  const processors = cpus();
  const [docker, postgres] = await Promise.all([
    version('docker', ['version', '--format', '{{.Server.Version}}']),
    version(`${postgresBinDir() ?? ''}/postgres`, ['--version']),
  ]);
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: String(processors.length),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release().replace(/-.*/, ''),
    node: process.versions.node,
    docker: docker.replace(/\+.*/, ''),
    postgres: /\d+(\.\d+)?/.exec(postgres)?.[0] ?? postgres,
  };
}

/** Of the last minute, five and fifteen: what else the machine did. */
export function describeLoad(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}

async function version(program: string, args: string[]): Promise<string> {
  try {
    return (await run(program, args)).stdout.trim();
  } catch {
    return 'none';
  }
}
