import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NOTE = /^(coop-(?:dockerd|lan)-[0-9a-f]{6})\.netns$/;

/** A network namespace with a name outlives everybody, so it is noted in the run's folder before it is made. */
export function addNetns(name: string, folder = tmpdir()): void {
  writeFileSync(noteOf(folder, name), '');
  ip('netns', 'add', name);
}

/** Idempotent. */
export function removeNetns(name: string, folder = tmpdir()): void {
  if (existsSync(`/var/run/netns/${name}`)) ip('netns', 'del', name);
  rmSync(noteOf(folder, name), { force: true });
}

/** Those that a run noted. */
export function netnsOf(folder: string): string[] {
  return readdirSync(folder).flatMap((file) => NOTE.exec(file)?.[1] ?? []);
}

function noteOf(folder: string, name: string): string {
  return join(folder, `${name}.netns`);
}

function ip(...args: string[]): void {
  execFileSync('ip', args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
}
