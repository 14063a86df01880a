import { spawn, type ChildProcess } from 'node:child_process';

export type CommandResult =
  | { kind: 'ok'; stdout: string }
  /** There is no such program. */
  | { kind: 'absent' }
  | { kind: 'failed'; reason: string };

export type DriverTool = (args: string[], options?: { timeoutMs?: number }) => Promise<CommandResult>;

const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 15_000;

/**
 * Runs a vendor's tool in a child process. A hanging driver leaves its caller in uninterruptible sleep, which not even SIGKILL
 * ends: the answer comes after the timeout all the same, and no second child is started while the first still hangs.
 */
export function driverTool(command: string): DriverTool {
  let hanging: ChildProcess | undefined;
  return async (args, options = {}) => {
    if (hanging !== undefined) {
      if (hanging.exitCode === null && hanging.signalCode === null)
        return { kind: 'failed', reason: `${command} still hangs` };
      hanging = undefined;
    }
    const { result, child } = await runOnce(command, args, options.timeoutMs ?? TIMEOUT_MS);
    if (result.kind === 'failed' && child.exitCode === null && child.signalCode === null) hanging = child;
    return result;
  };
}

function runOnce(
  command: string,
  args: string[],
  timeoutMs: number,
): Promise<{ result: CommandResult; child: ChildProcess }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  return new Promise((resolve) => {
    const stdout: Buffer[] = [];
    let stderr = '';
    let bytes = 0;
    const finish = (result: CommandResult) => {
      clearTimeout(timer);
      resolve({ result, child });
    };
    const giveUp = (reason: string) => {
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      finish({ kind: 'failed', reason });
    };
    const timer = setTimeout(() => giveUp(`${command} did not answer within ${timeoutMs / 1000} s`), timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > OUTPUT_MAX_BYTES) giveUp(`${command} printed more than ${OUTPUT_MAX_BYTES} bytes`);
      else stdout.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(0, 500);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ENOENT' ? { kind: 'absent' } : { kind: 'failed', reason: `${command}: ${error.message}` }),
    );
    child.on('close', (code, signal) => {
      const printed = Buffer.concat(stdout).toString();
      if (code === 0) return finish({ kind: 'ok', stdout: printed });
      // nvidia-smi explains its failures on stdout.
      const said = (stderr.trim() || printed.trim().slice(0, 300)).replaceAll(/\s+/g, ' ');
      finish({
        kind: 'failed',
        reason: `${command} ended with ${signal ?? `status ${code}`}${said === '' ? '' : `: ${said}`}`,
      });
    });
  });
}
