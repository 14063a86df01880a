import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm run lock`: brings package-lock.json up to date without the engines that packages ask for. npm runs under whatever Node the
 * machine has: it warns of a newer one and leaves out optional packages that ask for it, though they will run under the Node we bring.
 */

const path = join(import.meta.dirname, '../package-lock.json');
const { status } = spawnSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, { engines?: unknown }> };
for (const [name, entry] of Object.entries(lock.packages)) if (name.includes('node_modules/')) delete entry.engines;
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
