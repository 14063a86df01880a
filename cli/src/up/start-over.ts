import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { agreed } from '../ask.ts';
import type { Home } from '../home.ts';
import type { Terminal } from '../terminal.ts';
import { endProcess } from './end-process.ts';
import { programs, runToEnd } from './programs.ts';
import { whoRuns } from './running.ts';
import { shortPath } from './standing.ts';

const PATIENCE_MS = 30_000;

/** `--fresh`: ends the leases' containers, then deletes network and agent. The login key and other networks stay. False: refused. */
export async function startOver(home: Home, yes: boolean, terminal: Terminal): Promise<boolean> {
  const { running, left } = await whoRuns(home);
  if (running !== undefined) {
    throw new CoopError('wrong_state', `coop up runs for ${shortPath(home.dir)}, process ${running.pid}.`, {
      hint: 'coop down first.',
    });
  }
  if (!existsSync(home.network) && !existsSync(home.agent)) return true;
  const question = `Delete the network in ${shortPath(home.dir)} with its ledger, and end every lease on this machine? Your login key stays.`;
  if (!yes && !(await agreed(terminal, question))) return false;
  for (const child of Object.values(left?.children ?? {})) await endProcess(child, PATIENCE_MS);
  if (existsSync(join(home.agent, 'agent.json'))) {
    terminal.aside(terminal.asideLook.dim('ending leases and taking the agent away'));
    await runToEnd(
      [programs.agent, 'uninstall', '--state', home.agent, '--force'],
      process.env,
      'Taking the agent away',
    );
  }
  for (const path of [home.network, home.agent, home.log]) await rm(path, { recursive: true, force: true });
  return true;
}
