import { readArguments, UsageError, usage } from './arguments.ts';
import { proveHere } from './prove-here.ts';
import { show, showJson } from './show.ts';
import { openProgress } from './progress.ts';

/** `coop prove`: challenges this machine as a checker would, and prints what it could prove. */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const progress = openProgress(process.stderr);
  const result = await proveHere(options, progress).finally(progress.clear);
  process.stdout.write(options.json ? showJson(result) : show(result));
  return result.ended.outcome === 'proved' ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`error  ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
