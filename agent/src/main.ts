import { hostname } from 'node:os';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { readArguments, usage } from './arguments.ts';
import { doctor, enrolHere, installedService, run, status, uninstallHere } from './commands.ts';
import { printError } from './print-error.ts';

/** `coop agent …`, or `coop-agent …` where only the agent is installed. */
async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2), process.env, hostname());
  switch (args.command) {
    case 'run':
      return run(args);
    case 'enrol':
      return enrolHere(args);
    case 'status':
      return status(args);
    case 'doctor':
      return doctor(args);
    case 'service':
      return installedService(args);
    case 'uninstall':
      return uninstallHere(args);
    case 'help':
      process.stdout.write(usage);
      return 0;
  }
}

try {
  // Started by the process engine of an agent that is one file: it stands beside one command, and is no agent.
  if (process.argv[2] === 'supervise') await import('./engine/process/supervisor.ts');
  else process.exitCode = await main();
} catch (error) {
  printError(error);
  process.exitCode = error instanceof CoopError && error.code === 'invalid_request' ? 2 : 1;
}
