import { CoopError, toProblem } from '@gpucoop/protocol/problem.ts';
import type { Problem } from '@gpucoop/protocol/problem.ts';
import { plain, wrap } from './look/text.ts';
import type { Look } from './look/colours.ts';

/** An error as a person sees it: what happened, where, what to do next. With `verbose`, what caused it. */
export function renderError(error: unknown, look: Look, verbose: boolean, width = Number.POSITIVE_INFINITY): string {
  const known = error instanceof CoopError;
  const fold = (text: string): string => wrap(plain(text), width - INDENT.length).join(`\n${INDENT}`);
  const lines = [`${look.bad('error')}  ${fold(messageOf(error))}`];
  if (known && error.at !== undefined) lines.push(`   ${look.dim('at')}  ${plain(error.at)}`);
  const hint = known ? error.hint : 'This is a defect of Coop. Run it again with --verbose and report what it prints.';
  if (hint !== undefined) lines.push(` ${look.dim('hint')}  ${fold(hint)}`);
  if (verbose) {
    if (known) lines.push(` ${look.dim('code')}  ${error.code}`);
    for (const cause of causes(error)) lines.push(`${look.dim('cause')}  ${plain(describe(cause))}`);
    if (!known && error instanceof Error && error.stack !== undefined) lines.push(look.dim(error.stack));
  }
  return lines.join('\n');
}

/** As wide as `error  `. */
const INDENT = ' '.repeat(7);

/** The same as a Problem, for `--json`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CoopError) return toProblem(error);
  return toProblem(new CoopError('internal', messageOf(error)));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function* causes(error: unknown): Generator<unknown> {
  let cause = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; cause !== undefined && depth < 8; depth++) {
    yield cause;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  return `${cause.name}${code === undefined ? '' : ` ${code}`}: ${cause.message}`;
}
