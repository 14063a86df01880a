import { CoopError } from '@gpucoop/protocol/problem.ts';
import { EngineError } from './engine/engine-error.ts';

/** What went wrong, once, with what to do. A defect shows its stack. */
export function printError(error: unknown): void {
  if (error instanceof CoopError || error instanceof EngineError) {
    process.stderr.write(`coop-agent: ${error.message}\n`);
    if (error instanceof CoopError && error.hint !== undefined) process.stderr.write(`  -> ${error.hint}\n`);
    return;
  }
  process.stderr.write(`coop-agent: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
