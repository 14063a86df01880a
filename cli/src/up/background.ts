import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CoopError, Problem } from '@gpucoop/protocol/problem.ts';
import { command } from '../grammar.ts';
import { coopHome } from '../home.ts';
import type { Home } from '../home.ts';
import { renderStanding } from '../look/standing.ts';
import { openProgress } from '../rent/progress.ts';
import { openSession } from '../session.ts';
import type { Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { endProcess } from './end-process.ts';
import { LOCAL } from './first-start.ts';
import { lastWords, programs } from './programs.ts';
import { freePort, suggestion } from './ports.ts';
import { alreadyRunning, whoRuns } from './running.ts';
import { readStanding } from './standing.ts';
import { leasesLeft, leftWords } from './stop-order.ts';
import { enrolledHere } from './this-machine.ts';
import type { UpWish } from './up.ts';

const LOOK_AGAIN_MS = 150;
const STOP_PATIENCE_MS = 60_000;

/** `coop up --detach`: the same program in a session of its own, waited for until it stands. */
export async function startInBackground(home: Home, wish: UpWish, terminal: Terminal): Promise<number> {
  const { running: before } = await whoRuns(home);
  if (before !== undefined) throw alreadyRunning(before);
  // Asked here too, where a person reads the answer.
  await freePort(wish.host, wish.port, (next) => suggestion(wish, next));
  mkdirSync(home.log, { recursive: true, mode: 0o700 });
  const logFile = join(home.log, 'up.log');
  const log = openSync(logFile, 'a', 0o600);
  const from = statSync(logFile).size;
  const child = spawn(process.execPath, [programs.cli, 'up', '--background', '--json', ...wishArgs(wish)], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let exited = false;
  child.once('exit', () => (exited = true));
  const progress = openProgress(terminal);
  try {
    for (;;) {
      const { running } = await whoRuns(home);
      if (running?.pid === child.pid && running?.ready) break;
      if (exited) throw whyNot(readFileSync(logFile).subarray(from).toString('utf8').split('\n'), home);
      progress.say('starting in the background');
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  } finally {
    progress.clear();
  }
  child.unref();
  const { client, context } = await openLocalSession(terminal);
  const machine = wish.machine ? await enrolledHere(home) : undefined;
  const standing = await readStanding(client, home, context, machine?.machine_id, true);
  if (terminal.json) terminal.printJson({ type: 'standing', pid: child.pid, ...standing });
  else terminal.print(renderStanding(standing, terminal.look, terminal.width, terminal.nowMs()));
  return 0;
}

/** With the network of this computer, whatever COOP_SERVER and COOP_API_KEY say for other commands. */
const openLocalSession = (terminal: Terminal): Promise<Session> => {
  const { COOP_SERVER: _server, COOP_API_KEY: _key, ...env } = process.env;
  return openSession({ flags: { context: LOCAL }, terminal }, env);
};

/** The problem that it printed last, as its own. */
function whyNot(lines: readonly string[], home: Home): CoopError {
  for (const line of lines.toReversed()) {
    const problem = Problem.safeParse(line.startsWith('{"type"') ? JSON.parse(line) : undefined);
    if (problem.success)
      return new CoopError(
        problem.data.code,
        problem.data.detail,
        problem.data.hint === undefined ? {} : { hint: problem.data.hint },
      );
  }
  return new CoopError('unavailable', `It did not come up: ${lastWords(lines)}`, {
    hint: `The logs lie in ${home.log}.`,
  });
}

function wishArgs({ port, listen, cert, key, policy, engine, machine }: UpWish): string[] {
  const given = { listen, cert, key, policy, engine, ...(listen === undefined && { port: String(port) }) };
  const flags = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return machine ? flags : [...flags, '--no-machine'];
}

export const down = command({
  about: 'Stop the network that coop up started',
  details: 'Server and agent end; running leases go on in their containers, and the next coop up re-adopts them.',
  flags: {},
  run: async ({ terminal }) => {
    const home = coopHome(process.env);
    const { running, left } = await whoRuns(home);
    for (const child of Object.values(left?.children ?? {})) await endProcess(child, STOP_PATIENCE_MS);
    if (running === undefined) {
      throw new CoopError('wrong_state', `No coop up runs for ${home.dir}.`, {
        hint: 'COOP_HOME chooses another home.',
      });
    }
    const machine = await enrolledHere(home);
    const client = running.ready ? (await openLocalSession(terminal).catch(() => undefined))?.client : undefined;
    const leases = await leasesLeft(client, machine?.machine_id);
    const clean = await endProcess(running, STOP_PATIENCE_MS);
    for (const child of clean ? [] : Object.values(running.children)) await endProcess(child, STOP_PATIENCE_MS);
    if (terminal.json) terminal.printJson({ stopped: running.pid, leases: leases ?? null });
    else terminal.print(leftWords(leases));
  },
});
