import type { Client } from '@gpucoop/sdk/client.ts';
import { isRetryable } from '@gpucoop/sdk/errors.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { LogLine, Run, RunEvent } from '@gpucoop/protocol/resources.ts';
import { renderEnd } from '../look/runs.ts';
import { plain } from '../look/text.ts';
import { shortId } from '../look/units.ts';
import type { Terminal } from '../terminal.ts';
import { exitCodeOf, signalExit } from './exit-code.ts';
import { makeGate, watchInterrupts } from './interrupts.ts';
import type { Gate } from './interrupts.ts';
import { openProgress } from './progress.ts';
import type { Progress } from './progress.ts';

const LOOK_AGAIN_MS = 700;

/** Follows a run to its end: progress, logs, warnings, the bill. The exit code is the command's own. */
export async function attach(client: Client, run: Run, terminal: Terminal): Promise<number> {
  const over = new AbortController();
  const progress = terminal.json ? silentProgress : openProgress(terminal);
  const gate = makeGate(progress.clear);
  let stoppedBy: keyof typeof signalExit | undefined;
  let detached = false;

  const interrupts = watchInterrupts(terminal, gate, (what, signal) => {
    if (what === 'detach') {
      detached = true;
      over.abort();
    } else if (what === 'stop') {
      if (stoppedBy !== undefined) return;
      stoppedBy = signal;
      progress.clear();
      terminal.aside(`stopping ${run.name} …`);
      client.runs.stop(run.id).catch((error: unknown) => over.abort(error));
    }
  });
  try {
    const screen = { client, run, terminal, gate, progress, signal: over.signal };
    await Promise.all([followEvents(screen), followLogs(screen), followPreparation(screen)]);
  } catch (error) {
    if (!detached) throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    interrupts.close();
    progress.clear();
  }
  if (detached) return leftRunning(run, terminal);
  const ended = await client.runs.get(run.id);
  if (terminal.json) terminal.printJson({ type: 'result', run: ended });
  else terminal.aside(renderEnd(ended, terminal.asideLook, terminal.asideWidth));
  return stoppedBy === undefined ? exitCodeOf(ended) : signalExit[stoppedBy];
}

type Screen = { client: Client; run: Run; terminal: Terminal; gate: Gate; progress: Progress; signal: AbortSignal };

const silentProgress: Progress = { show: () => {}, say: () => {}, clear: () => {} };

async function followEvents({ client, run, terminal, gate, progress, signal }: Screen): Promise<void> {
  const onReconnect = (): void =>
    void gate.passed().then(() => progress.say('the connection was cut; reaching the server again'));
  for await (const event of client.runs.events(run.id, { signal, onReconnect })) {
    await gate.passed();
    if (terminal.json) terminal.printJson({ type: 'event', event });
    else showEvent(event, terminal, progress);
  }
}

/** What is said of an attached run; the rest is seen anyhow: `coop events` has all of it. */
function showEvent(event: RunEvent, terminal: Terminal, progress: Progress): void {
  const look = terminal.asideLook;
  const say = (mark: string): void => {
    progress.clear();
    terminal.aside(`${mark}  ${plain(event.message)}`);
  };
  switch (event.type) {
    case 'run.queued':
      return progress.say('waiting until something matches');
    case 'lease.reserved':
      return progress.say(event.message);
    case 'lease.ready':
      return say(look.good('ready'));
    case 'run.warning':
    case 'lease.unknown':
    case 'lease.unbilled':
    case 'run.retrying':
      return say(look.attention(event.type.split('.')[1]!));
    case 'lease.recovered':
    case 'run.extended':
      return say(look.good(event.type.split('.')[1]!));
    default:
      return undefined;
  }
}

async function followLogs({ client, run, terminal, gate, progress, signal }: Screen): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      for await (const line of client.runs.logs(run.id, { follow: true, signal })) {
        await gate.passed();
        progress.clear();
        await writeLog(line, terminal);
      }
      return;
    } catch (error) {
      // Logs are a courtesy of the machine: when they cannot be had, the run and its bill still can.
      if (signal.aborted || !(error instanceof CoopError)) throw error;
      if (isRetryable(error) && attempt < 3) continue;
      progress.clear();
      return terminal.aside(`${terminal.asideLook.attention('logs')}  ${plain(error.message)}`);
    }
  }
}

/** Waits while the reader is slow, so that a flood of logs does not fill our memory. */
export async function writeLog(line: LogLine, terminal: Terminal): Promise<void> {
  if (terminal.json) return terminal.printJson({ type: 'log', line });
  const stream = line.stream === 'stdout' ? terminal.stdout : terminal.stderr;
  if (!stream.write(line.text)) await new Promise<void>((resolve) => stream.once('drain', resolve));
}

/** Until it runs: phase and pulled bytes, which are state and not events. */
async function followPreparation({ client, run, gate, progress, signal }: Screen): Promise<void> {
  for (;;) {
    if (signal.aborted) return;
    const now = await client.runs.get(run.id);
    if (now.state === 'running' || now.state === 'ended' || now.state === 'stopping') return;
    await gate.passed();
    const lease = now.leases.at(-1);
    if (lease !== undefined && now.state === 'starting') progress.show(lease);
    await pause(LOOK_AGAIN_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}

function leftRunning(run: Run, terminal: Terminal): number {
  const { type } = terminal.asideLook;
  if (terminal.json) terminal.printJson({ type: 'detached', run_id: run.id });
  const id = shortId(run.id);
  terminal.aside(
    `${run.name} keeps running. ${type(`coop logs -f ${id}`)} shows it, ${type(`coop stop ${id}`)} ends it.`,
  );
  return 0;
}
