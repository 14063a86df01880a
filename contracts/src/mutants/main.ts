import { fork, type ChildProcess } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contractsRoot, quiet } from '../artifacts.ts';
import { build, place, treeOf, type Built } from './build.ts';
import { isEquivalent } from './equivalent.ts';
import { mutate, SWITCH } from './mutate.ts';

/**
 * `npm run mutants -- Escrow Stake:97,107`: changes these contracts, or these lines of one, at one place after another and runs their
 * Solidity tests each time. A change that no test sees is printed: a test is missing, or the change makes no difference, and then it stands
 * with its reason in equivalent.ts.
 */

/** What else a source is compiled into, and whose tests see it, where that is more than the contract of that name. */
const elsewhere: Readonly<Record<string, { inside: string[]; tests: string[] }>> = {
  Token: { inside: ['src/Emission.sol'], tests: ['Emission', 'Rewards'] },
  License: { inside: ['src/LicenseSale.sol'], tests: ['LicenseSale', 'Delegation'] },
  PolicyMath: {
    inside: ['test/PolicyMath.t.sol', 'src/Emission.sol', 'src/FeeSink.sol', 'src/Rewards.sol'],
    tests: ['Emission', 'FeeSink', 'Rewards'],
  },
  LeakyBucket: { inside: ['test/EscrowMath.t.sol', 'src/Escrow.sol'], tests: ['Escrow'] },
  StatementLine: { inside: ['test/EscrowMath.t.sol', 'src/Escrow.sol'], tests: ['Escrow'] },
};
const TEST_MS = 600_000;

const wanted = process.argv.slice(2).map((arg) => {
  const [name = '', lines] = arg.split(':');
  return { name, lines: lines?.split(',').map(Number) };
});
const known = globSync('*.sol', { cwd: join(contractsRoot, 'src') })
  .map((file) => file.replace('.sol', ''))
  .filter((name) => testsOf(name).length > 0);
if (wanted.length === 0 || wanted.some(({ name }) => !known.includes(name))) {
  process.stderr.write(`usage: npm run mutants -- CONTRACT[:LINE,…]…\n\n  ${known.toSorted().join(' ')}\n`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'coop-mutants-'));
let runner: ChildProcess | undefined;
process.on('exit', () => {
  runner?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

place(build(globSync('src/**/*.sol', { cwd: contractsRoot })), folder);
let survivors = 0;
for (const { name, lines } of wanted) survivors += await mutateAndTest(name, lines);
process.exit(survivors > 0 ? 1 : 0);

function testsOf(name: string): string[] {
  const of = [name, ...(elsewhere[name]?.tests ?? [])];
  const files = of.flatMap((one) => globSync(`test/${one}{.,[A-Z]}*t.sol`, { cwd: contractsRoot }));
  // The slow ones last: most mutants do not live to meet them.
  return files.toSorted((a, b) => Number(a.includes('Invariant')) - Number(b.includes('Invariant')));
}

async function mutateAndTest(name: string, lines: number[] | undefined): Promise<number> {
  const file = `src/${name}.sol`;
  const files = [file, ...(elsewhere[name]?.inside ?? [])];
  const testFiles = testsOf(name);

  const { mutants: all, switched } = mutate(readFileSync(join(contractsRoot, file)), treeOf(file));
  const mutants = all.filter(({ line }) => lines === undefined || lines.includes(line));
  place(build(testFiles), folder);
  const withSwitches = build(files, { [file]: switched });
  place(chosen(withSwitches, 0), folder);
  const failing = await firstFailing(testFiles);
  if (failing !== '') throw new Error(`${failing} fails on what stands`);

  let [killed, equivalent, survived] = [0, 0, 0];
  for (const mutant of mutants) {
    if (isEquivalent(name, mutant)) {
      equivalent++;
      continue;
    }
    place(
      mutant.source === undefined ? chosen(withSwitches, mutant.id) : build(files, { [file]: mutant.source }),
      folder,
    );
    if ((await firstFailing(testFiles)) !== '') {
      killed++;
      continue;
    }
    survived++;
    process.stdout.write(`\n${file}:${mutant.line}\n  - ${mutant.before}\n  + ${mutant.after}\n`);
  }
  place(chosen(withSwitches, 0), folder);
  const of = `${mutants.length} mutants of ${name}`;
  process.stdout.write(`\n${of}: ${killed} killed, ${equivalent} equivalent, ${survived} survived\n`);
  return survived;
}

function chosen(built: Built, id: number): Built {
  const number = id.toString(16).padStart(SWITCH.length, '0');
  return new Map([...built].map(([path, artifact]) => [path, artifact.replaceAll(SWITCH, number)]));
}

/** Empty where all pass. A test that does not end, or ends the runner, fails. */
async function firstFailing(testFiles: string[]): Promise<string> {
  const program = join(import.meta.dirname, 'runner.ts');
  runner ??= fork(program, [folder], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: quiet() });
  const asked = runner;
  return new Promise((resolve) => {
    const timer = setTimeout(() => asked.kill('SIGKILL'), TEST_MS);
    const answered = (file: string): void => {
      clearTimeout(timer);
      asked.removeAllListeners();
      resolve(file);
    };
    asked.once('message', answered);
    asked.once('exit', () => {
      runner = undefined;
      answered('the runner ended');
    });
    asked.send(testFiles);
  });
}
