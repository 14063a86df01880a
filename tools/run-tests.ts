import { styleText } from 'node:util';
import { globSync } from 'node:fs';
import { startVitest, type TestCase, type TestModule, type TestSuite } from 'vitest/node';

/**
 * `npm test [-- PATH…]`: every test, then how many ran and which parts of a machine were missing. `--soak` runs the long loops of
 * test/soak instead. In CI a missing part is a failure. The last line is always `N passed, N failed, N skipped`.
 */

const SOAK = 'test/soak/**/*.test.ts';
/** No CI machine has these, so that they are no failure there. */
const NEVER_IN_CI = new Set(['gpu']);

const args = process.argv.slice(2);
const soak = args.includes('--soak');
const filters = args.filter((arg) => !arg.startsWith('--'));
const unknown = args.find((arg) => arg.startsWith('--') && arg !== '--soak');
if (unknown !== undefined) stop(`there is no option ${unknown}; give --soak, or paths of tests`);
if (soak && globSync(SOAK).length === 0) stop('there are no soak tests in test/soak');
if (soak) process.env.COOP_SOAK = '1';

const selection = soak ? { include: [SOAK], testTimeout: 0 } : { exclude: ['**/node_modules/**', SOAK] };
const vitest = await startVitest('test', filters, { run: true, watch: false, ...selection });
const modules = vitest.state.getTestModules();
const tests = modules.flatMap((module) => [...module.children.allTests()]);
const counted = (state: string) => tests.filter((test) => test.result().state === state).length;
const brokenModules = modules.filter((module) => module.errors().length > 0 || brokenSuites(module));
const stray = vitest.state.getUnhandledErrors().length;
const missing = missingParts(tests);
const lacking =
  process.env.CI === undefined ? [] : [...missing.keys()].filter((part) => !NEVER_IN_CI.has(part.split(':')[0]!));

const passed = counted('passed');
// A file or a suite that cannot even be set up, or an error that no test caught, is a failure as much as a test is.
const failed = counted('failed') + brokenModules.length + stray;
const skipped = counted('skipped');
await vitest.close();

console.log('');
for (const [part, count] of missing)
  console.log(styleText('yellow', `missing ${part}: ${count} ${count === 1 ? 'test' : 'tests'} did not run`));
if (lacking.length > 0) console.log(styleText('red', `In CI every part must be there; missing: ${lacking.join('; ')}`));
if (brokenModules.length > 0)
  console.log(styleText('red', `could not be run: ${brokenModules.map(nameOf).join(', ')}`));
if (tests.length === 0) console.log(styleText('red', 'no test was found'));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || lacking.length > 0 || tests.length === 0 ? 1 : 0);

function missingParts(all: TestCase[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const test of all) {
    const part = partOf(test);
    if (part !== undefined) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return counts;
}

/** The reason in a title like `leases [missing docker: no engine answers]`, of the test or of a suite around it. */
function partOf(test: TestCase): string | undefined {
  for (let node: TestCase | TestSuite | TestModule = test; node.type !== 'module'; node = node.parent) {
    const reason = / \[missing ([^\]]+)\]$/.exec(node.name)?.[1];
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function brokenSuites(module: TestModule): boolean {
  return [...module.children.allSuites()].some((suite) => suite.errors().length > 0);
}

function nameOf(module: TestModule): string {
  return module.relativeModuleId;
}

function stop(message: string): never {
  console.error(`error  ${message}`);
  process.exit(2);
}
