import { readArguments, UsageError, usage } from './arguments.ts';
import { choose } from './choose.ts';
import { readOcspFiles } from './ocsp-files.ts';
import { proveHere } from './prove-here.ts';
import { show, showJson } from './show.ts';
import { named, openProgress } from './progress.ts';

/** `coop prove`: challenges this machine as a checker would, and prints what it could prove. */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const progress = openProgress(process.stderr);
  const chosen = await choose(options);
  const ocspAnswers = await readOcspFiles(options.ocspFiles);
  // All at once: cards of one machine share its buses, and whoever rents them rents that too.
  const results = await Promise.all(
    chosen.map((one) => proveHere(one, chosen.length === 1 ? progress : named(one.device.id, progress), ocspAnswers)),
  ).finally(progress.clear);
  process.stdout.write(
    results.map((result) => (options.json ? showJson(result) : show(result))).join(options.json ? '' : '\n'),
  );
  return results.every(({ ended }) => ended.outcome === 'proved') ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`error  ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
