import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** Where Coop keeps its state on this computer: $COOP_HOME, or ~/.coop. */
export type Home = {
  dir: string;
  config: string;
  credentials: string;
  /** The renter's ed25519 secret. */
  loginKey: string;
  /** The server's own directory. */
  network: string;
  agent: string;
  log: string;
  /** Written by a running `coop up`. */
  running: string;
};

export function coopHome(env: NodeJS.ProcessEnv): Home {
  const dir = resolve(env['COOP_HOME'] ?? join(homedir(), '.coop'));
  return {
    dir,
    config: join(dir, 'config.json'),
    credentials: join(dir, 'credentials.json'),
    loginKey: join(dir, 'login.key'),
    network: join(dir, 'network'),
    agent: join(dir, 'agent'),
    log: join(dir, 'log'),
    running: join(dir, 'up.json'),
  };
}

/** Undefined when there is no such file. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CoopError('invalid_request', `${path} is not valid JSON.`, {
      hint: 'Repair it, or move it away and log in again.',
      cause,
    });
  }
}

export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeWhole(path, `${JSON.stringify(value, null, 2)}\n`);

/** Only the owner may read it; written beside and renamed, so that a reader never sees half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${process.pid}.new`;
  try {
    const file = await open(beside, 'w', 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** A secret that others on this computer can read is no secret: refused, as ssh does. */
export async function readSecretFile(path: string): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new CoopError('invalid_request', `${path} can be read by other users of this computer.`, {
        hint: `chmod 600 ${path}`,
      });
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
}
