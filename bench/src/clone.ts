import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../test/support/network.ts';
import type { Bench } from './bench.ts';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;

/** What a newcomer waits for and what it takes of his disk, from `git clone` of the committed state to the end of a first run. */
export const clone: Bench = {
  name: 'clone',
  what: 'from git clone to the first finished run in a fresh directory: seconds and megabytes',
  async run({ say }) {
    const dir = await mkdtemp(join(tmpdir(), 'coop-bench-'));
    const tree = join(dir, 'coop');
    const home = join(dir, 'home');
    const env = { ...ownEnvironment(), COOP_HOME: home };
    const inTree = (program: string, args: string[]) => run(program, args, { cwd: tree, env, maxBuffer: 2 ** 24 });
    const coop = (...args: string[]) => inTree(join(tree, 'node_modules/.bin/coop'), args);
    try {
      say(
        `npm cache before: ${megabytes(await sizeOf((await run('npm', ['config', 'get', 'cache'])).stdout.trim()))} MB`,
      );
      say('the repository is cloned from this disk; packages come from the cache or the registry, as npm decides');
      const port = String(await freePort());
      const steps: Step[] = [
        await timed('git clone', tree, () => run('git', ['clone', '--quiet', `file://${root}`, tree])),
        await timed('npm ci', join(tree, 'node_modules'), () => inTree('npm', ['ci', '--no-progress'])),
        await timed('coop up', home, () => coop('up', '--detach', '--port', port)),
        await timed('first run', home, () => coop('run', '--yes', '--cpu', '1', '--', 'echo', 'hello')),
      ];
      return { rows: tableOf(steps), json: { steps } };
    } finally {
      await coop('down').catch(() => undefined);
      const uninstall = ['agent/src/main.ts', 'uninstall', '--state', join(home, 'agent'), '--force'];
      await inTree(process.execPath, uninstall).catch(() => undefined);
      await rm(dir, { recursive: true, force: true });
    }
  },
};

type Step = { what: string; s: number; bytes: number };

/** `bytes`: what the directory holds more than before. */
async function timed(what: string, dir: string, work: () => Promise<unknown>): Promise<Step> {
  const before = await sizeOf(dir);
  const began = performance.now();
  await work();
  const s = (performance.now() - began) / 1000;
  return { what, s, bytes: (await sizeOf(dir)) - before };
}

function tableOf(steps: Step[]): Record<string, string>[] {
  const sum = { what: 'all', s: total(steps.map(({ s }) => s)), bytes: total(steps.map(({ bytes }) => bytes)) };
  return [...steps, sum].map(({ what, s, bytes }) => ({ what, seconds: s.toFixed(1), megabytes: megabytes(bytes) }));
}

/** Without what `npm run` puts there: it would make npm in the clone believe that it runs in this tree. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && !name.startsWith('COOP_'));
  return Object.fromEntries(own);
}

/** What the files take on the disk, each once. */
async function sizeOf(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true }).catch(() => []);
  const seen = new Map<string, number>();
  for (const name of names) {
    const file = await stat(join(dir, name)).catch(() => undefined);
    if (file?.isFile()) seen.set(`${file.dev}:${file.ino}`, file.blocks * 512);
  }
  return total([...seen.values()]);
}

const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
