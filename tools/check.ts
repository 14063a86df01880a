import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** `npm run check`: everything that is true of the code without running it. All steps run, side by side; what is wrong is printed. */

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
/** What was found right last time is not looked at again: seconds instead of half a minute. */
const typesCache = join(root, 'node_modules', '.cache', 'coop.tsbuildinfo');

type Step = {
  name: string;
  command: string;
  args: string[];
  fix: string;
  /** The lines that say what is wrong, where a tool prints much around them. */
  telling?: RegExp;
};

const steps: Step[] = [
  {
    name: 'types',
    command: 'tsc',
    args: ['-p', '.', '--pretty', 'false', '--incremental', '--tsBuildInfoFile', typesCache],
    fix: '',
  },
  { name: 'lint', command: 'oxlint', args: ['--format=unix'], fix: 'npx oxlint --fix mends some' },
  { name: 'format', command: 'oxfmt', args: ['--list-different', '.'], fix: 'npm run format' },
  { name: 'unused', command: 'knip', args: ['--no-progress', '--no-config-hints'], fix: '' },
  ...(existsSync(join(root, 'tools/generate.ts'))
    ? [
        {
          name: 'generated',
          command: process.execPath,
          args: ['tools/generate.ts', '--check'],
          fix: 'npm run generate',
        },
      ]
    : []),
  {
    name: 'tidy',
    command: 'vitest',
    args: ['run', '--reporter=minimal', 'test/tidy.test.ts'],
    fix: '',
    telling: /^ *(?:FAIL|\+ +"|\w*Error: (?!expected \[))/,
  },
];

const results = steps.map((step) => ({ step, result: run(step) }));
const failed: string[] = [];
for (const { step, result } of results) {
  const { passed, output, seconds } = await result;
  console.log(`${passed ? '✓' : '✗'} ${step.name.padEnd(10)} ${seconds.toFixed(1).padStart(5)} s`);
  if (passed) continue;
  failed.push(step.name);
  console.log(indented(tellingLines(output, step.telling)), ...(step.fix === '' ? [] : [`\n  → ${step.fix}`]));
}
console.log(failed.length === 0 ? 'All is well.' : `Wrong: ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;

function run({ command, args }: Step): Promise<{ passed: boolean; output: string; seconds: number }> {
  const started = performance.now();
  const path = [bin, process.env.PATH].join(delimiter);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const end = (passed: boolean) => resolve({ passed, output, seconds: (performance.now() - started) / 1000 });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    child.on('error', (error) => {
      output += `${command} could not be started: ${error.message}. Has "npm ci" been run?`;
      end(false);
    });
    child.on('close', (code) => end(code === 0));
  });
}

function tellingLines(output: string, telling: RegExp | undefined): string[] {
  const lines = stripVTControlCharacters(output).trimEnd().split('\n');
  const chosen = telling === undefined ? lines : lines.filter((line) => telling.test(line));
  return chosen.length > 0 ? chosen : lines;
}

function indented(lines: string[]): string {
  return lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n');
}
