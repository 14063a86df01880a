import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { postgresBinDir } from './needs.ts';

export type Cluster = {
  /** Of its maintenance database. */
  url: string;
  stop(): Promise<void>;
};

/** Either the server of TEST_DATABASE_URL, or a private one that listens on a socket of its own directory and on no port. */
export async function startCluster(settings: Record<string, string> = { fsync: 'off' }): Promise<Cluster> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined) return { url: given, stop: async () => {} };

  const dir = mkdtempSync(join(tmpdir(), 'coop-pg-'));
  const as = identity();
  if (as !== undefined) chownSync(dir, as.uid, as.gid);
  chmodSync(dir, 0o755);
  const data = join(dir, 'data');
  const [initdb, ...initdbArguments] = command('initdb', [
    '-D',
    data,
    '-U',
    'coop',
    '--auth=trust',
    '--no-sync',
    '--no-locale',
    '-E',
    'UTF8',
  ]);
  execFileSync(initdb!, initdbArguments, { stdio: ['ignore', 'ignore', 'pipe'] });

  const flags = Object.entries({ listen_addresses: '', unix_socket_directories: dir, ...settings });
  const [server, ...serverArguments] = command('postgres', [
    '-D',
    data,
    ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  const postgres = spawn(server!, serverArguments, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(postgres, 'exit');
  await ready(postgres.stderr);
  return {
    url: `postgresql://coop@localhost/postgres?host=${encodeURIComponent(dir)}`,
    async stop() {
      postgres.kill('SIGINT'); // "fast": ends the sessions that are still open
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A new database, a copy of `template` when given. */
export async function createDatabase(cluster: Cluster, template?: string): Promise<{ name: string; url: string }> {
  const name = `coop_${randomUUID().replaceAll('-', '')}`;
  await maintain(cluster, `create database ${name}${template === undefined ? '' : ` template ${template}`}`);
  const url = new URL(cluster.url);
  url.pathname = `/${name}`;
  return { name, url: url.toString() };
}

export async function dropDatabase(cluster: Cluster, name: string): Promise<void> {
  await maintain(cluster, `drop database if exists ${name} with (force)`);
}

async function maintain(cluster: Cluster, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: cluster.url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** PostgreSQL refuses to run as root: then it runs as its own user, and ends with this process even when that is killed. */
function command(program: string, args: string[]): string[] {
  const path = join(postgresBinDir()!, program);
  const as = identity();
  if (as === undefined) return [path, ...args];
  return ['setpriv', `--reuid=${as.uid}`, `--regid=${as.gid}`, '--clear-groups', '--pdeathsig=INT', path, ...args];
}

function identity(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function ready(log: NodeJS.ReadableStream): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    log.on('data', (chunk: Buffer) => {
      if (said.includes('ready to accept connections')) return; // read on, or the pipe fills and the server stands still
      said += chunk.toString();
      if (said.includes('ready to accept connections')) resolve();
    });
    log.on('end', () => reject(new Error(`PostgreSQL did not start:\n${said}`)));
  });
}
