import { CoopError } from '@gpucoop/protocol/problem.ts';

/** What the operating system refused: no defect of Coop, and its own words (`ENOSPC`) say little. Anything else is given back as it is. */
export function fromSystem(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CoopError) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const known = refusals[code ?? ''];
  if (known === undefined) return error;
  const [what, hint] = known;
  return new CoopError('unavailable', path === undefined ? `${what}.` : `${path}: ${what}.`, { hint, cause: error });
}

const refusals: Record<string, readonly [what: string, hint: string]> = {
  ENOSPC: ['No space is left on the disk', 'Make room there, or set COOP_HOME to a directory on another disk.'],
  EDQUOT: ['Your quota of disk space is used up', 'Make room there, or set COOP_HOME to a directory on another disk.'],
  EROFS: ['The file system is read-only', 'Set COOP_HOME to a directory that can be written.'],
  EACCES: ['This user has no right to it', 'Look at its owner and mode, or set COOP_HOME to a directory of your own.'],
  EPERM: ['This user has no right to it', 'Look at its owner and mode, or set COOP_HOME to a directory of your own.'],
  ENOTDIR: ['A file stands where a directory is needed', 'Move it away, or set COOP_HOME to another directory.'],
  EEXIST: ['A file stands where a directory is needed', 'Move it away, or set COOP_HOME to another directory.'],
  EISDIR: ['A directory stands where a file is needed', 'Move it away, or name a file.'],
  EMFILE: ['Too many files are open', 'Raise the limit: ulimit -n 4096'],
};
