import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Abi, Hex } from 'viem';

export const contractsRoot = join(import.meta.dirname, '..');
const hardhat = join(contractsRoot, '../node_modules/.bin/hardhat');
const cache = join(contractsRoot, 'cache');
/** What a build covers, its mark and its option. The tests take several times as long as the contracts themselves. */
const scopes = {
  contracts: { files: ['src/**/*.sol'], mark: 'built-contracts', options: ['--no-tests'] },
  all: { files: ['src/**/*.sol', 'test/**/*.sol'], mark: 'built', options: [] },
};
type Scope = keyof typeof scopes;
const lock = join(cache, 'build.lock');

export type Artifact = { abi: Abi; bytecode: Hex };

/** Interface and creation code of a contract, compiled first when a source has changed since the last time. */
export async function artifact(contract: string, file = `src/${contract}.sol`): Promise<Artifact> {
  await compile(file.startsWith('src/') ? 'contracts' : 'all');
  return JSON.parse(readFileSync(join(contractsRoot, 'artifacts', file, `${contract}.json`), 'utf8')) as Artifact;
}

/** Compiles unless the last build was of these very sources. Safe to call from several processes at once. */
export async function compile(scope: Scope = 'all'): Promise<void> {
  if (isBuilt(scope)) return;
  await locked(async () => {
    if (isBuilt(scope)) return;
    const sources = sourcesHash(scope);
    // The compiler's errors stand on stderr, and are the message of the error that execFile throws.
    await promisify(execFile)(hardhat, ['build', ...scopes[scope].options], { cwd: contractsRoot, env: quiet() });
    writeFileSync(join(cache, scopes[scope].mark), sources);
  });
}

/** Hardhat asks no questions and reports to nobody. */
export function quiet(): NodeJS.ProcessEnv {
  return { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true', CI: 'true' };
}

function isBuilt(scope: Scope): boolean {
  try {
    return readFileSync(join(cache, scopes[scope].mark), 'utf8') === sourcesHash(scope);
  } catch {
    return false;
  }
}

function sourcesHash(scope: Scope): string {
  const hash = createHash('sha256');
  for (const path of globSync([...scopes[scope].files, 'hardhat.config.ts'], { cwd: contractsRoot }).toSorted()) {
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(contractsRoot, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** One build at a time: a file is made by exactly one process, and says by which. One that was left by a killed process is taken away. */
async function locked(work: () => Promise<void>): Promise<void> {
  mkdirSync(cache, { recursive: true });
  while (!tryLock()) await sleep(100);
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryLock(): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    // Empty for the instant between its making and its writing: then its owner lives.
    const owner = existsSync(lock) ? readFileSync(lock, 'utf8') : '';
    if (owner !== '' && !isAlive(Number(owner))) rmSync(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
