import { readFile } from 'node:fs/promises';
import { PassThrough, Writable } from 'node:stream';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ExecRequest } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { EngineError } from '../engine-error.ts';
import type { ExecSession } from '../engine.ts';
import { within } from '../within.ts';
import { asEngineError, engineMessage, statusOf } from './client.ts';
import { readFrames } from './frames.ts';

const TIMEOUT_MS = 15_000;
const CANNOT_START = 126;
const COMMAND_NOT_FOUND = 127;
/** What engines before 2023 say in the output of a command that is not there, with the other code. */
const NOT_FOUND = /^OCI runtime exec failed: .*(executable file not found|no such file or directory)/s;
const KILLED = 137;
const KILL_PATIENCE_MS = 10_000;
const BEGINNING_BYTES = 1024;

export async function startExec(docker: Docker, containerId: string, request: ExecRequest): Promise<ExecSession> {
  const exec = await createExec(docker, containerId, request);
  const socket = await within(TIMEOUT_MS, 'start exec', (abortSignal) =>
    exec.start({ hijack: true, stdin: true, Tty: request.tty, Detach: false, abortSignal }),
  ).catch((error: unknown) => {
    throw asEngineError(error, 'exec');
  });
  if (request.tty && request.columns !== null && request.rows !== null) {
    void firstResize(exec, request.columns, request.rows);
  }
  const stdout = new PassThrough();
  const stderr = request.tty ? null : new PassThrough();
  const exit = copyOutput(socket, stdout, stderr).then(async (beginning) => {
    const code = await exitCode(exec);
    return code === CANNOT_START && NOT_FOUND.test(beginning) ? COMMAND_NOT_FOUND : code;
  });
  exit.catch(() => undefined);
  /** An engine that does not notice the end is not waited for. */
  const killed = Promise.withResolvers<number>();
  return {
    stdin: stdinOf(socket, request.tty),
    stdout,
    stderr,
    resize: (columns, rows) => resize(exec, columns, rows),
    exit: Promise.race([exit, killed.promise]),
    kill: () =>
      void killExec(exec, containerId).finally(() => {
        socket.destroy();
        setTimeout(() => killed.resolve(KILLED), KILL_PATIENCE_MS).unref();
      }),
  };
}

async function createExec(docker: Docker, containerId: string, request: ExecRequest): Promise<Docker.Exec> {
  try {
    return await within(TIMEOUT_MS, 'create exec', (abortSignal) =>
      docker.getContainer(containerId).exec({
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: request.tty,
        // Engines since 2022 take the size here; older ones are told when it runs.
        ...(request.tty &&
          request.columns !== null &&
          request.rows !== null && { ConsoleSize: [request.rows, request.columns] }),
        Cmd: request.command,
        Env: Object.entries(request.env).map(([name, value]) => `${name}=${value}`),
        ...(request.user !== null && { User: request.user }),
        abortSignal,
      }),
    );
  } catch (error) {
    if (statusOf(error) === 409 || /is not running|running containers/.test(engineMessage(error))) {
      throw new CoopError('wrong_state', 'The container is not running.', { cause: error });
    }
    throw asEngineError(error, 'exec');
  }
}

/** Half-closing the connection of a terminal hangs it or loses output, so EOF there is the user's ^D only. */
function stdinOf(socket: Duplex, tty: boolean): Writable {
  const stdin = new Writable({
    write: (chunk, _, done) => void (socket.writable ? socket.write(chunk, () => done()) : done()),
    final: (done) => {
      if (!tty && socket.writable) socket.end();
      done();
    },
  });
  socket.on('error', () => stdin.destroy());
  return stdin;
}

/** Waits for the slower reader, so that a flood is held back in the engine and not in our memory. Gives what came first. */
async function copyOutput(socket: Duplex, stdout: PassThrough, stderr: PassThrough | null): Promise<string> {
  let beginning = '';
  const copy = (output: PassThrough, chunk: Buffer) => {
    if (beginning.length < BEGINNING_BYTES) beginning += chunk.toString('utf8', 0, BEGINNING_BYTES);
    return write(output, chunk);
  };
  try {
    if (stderr === null) {
      for await (const chunk of socket) await copy(stdout, chunk as Buffer);
    } else {
      const outputs = { stdout, stderr };
      for await (const { stream, payload } of readFrames(socket)) await copy(outputs[stream], payload);
    }
  } catch {
    // The connection broke: the exit code says what became of the command.
  } finally {
    stdout.end();
    stderr?.end();
    socket.destroy();
  }
  return beginning;
}

async function write(output: PassThrough, chunk: Buffer): Promise<void> {
  if (output.destroyed || output.write(chunk)) return;
  await new Promise<void>((resolve) => {
    output.once('drain', resolve);
    output.once('close', resolve);
  });
}

/** The engine closes the stream a moment before it knows the code. */
async function exitCode(exec: Docker.Exec): Promise<number> {
  for (let wait = 5; ; wait = Math.min(wait * 2, 1000)) {
    const found = await within(TIMEOUT_MS, 'inspect exec', (abortSignal) =>
      exec.inspect({ abortSignal } as object),
    ).catch((error: unknown) => {
      throw statusOf(error) === 404
        ? new EngineError('container_vanished', 'The container is not there any more.')
        : asEngineError(error, 'exec');
    });
    if (!found.Running) return found.ExitCode ?? KILLED;
    await sleep(wait);
  }
}

/** Refused until the process has come up, which the engine does not announce. */
async function firstResize(exec: Docker.Exec, columns: number, rows: number): Promise<void> {
  for (let wait = 10; wait < 2000; wait *= 2) {
    const done = await resize(exec, columns, rows).then(
      () => true,
      () => false,
    );
    if (done) return;
    await sleep(wait);
  }
}

async function resize(exec: Docker.Exec, columns: number, rows: number): Promise<void> {
  await within(5000, 'resize', (abortSignal) => exec.resize({ w: columns, h: rows, abortSignal })).catch(
    (error: unknown) => {
      // How podman says yes.
      if (statusOf(error) !== 201) throw error;
    },
  );
}

/**
 * The engine has no call for this. As root the process is killed by its pid on the host, after it has been shown to be of this
 * container; otherwise only the connection is cut, and the command ends when it next writes.
 */
async function killExec(exec: Docker.Exec, containerId: string): Promise<void> {
  try {
    const { Pid: pid, Running: running } = await within(TIMEOUT_MS, 'inspect exec', (abortSignal) =>
      exec.inspect({ abortSignal } as object),
    );
    if (!running || pid === 0) return;
    if (await standsInFor(pid, containerId)) return await endStandIn(pid);
    if (!(await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes(containerId)) return;
    // It was made the leader of a group of its own, which its children share.
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      process.kill(pid, 'SIGKILL');
    }
  } catch {
    // Ended already, or not ours to kill.
  }
}

/** gVisor's processes are not the host's: a process outside stands in for each exec, and hands on what signals it can. */
async function standsInFor(pid: number, containerId: string): Promise<boolean> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  return words[0]?.startsWith('runsc') === true && words.includes(containerId);
}

async function endStandIn(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  await sleep(1000);
  process.kill(pid, 'SIGKILL');
}
