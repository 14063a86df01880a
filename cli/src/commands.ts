import { admin } from './admin.ts';
import type { Commands } from './grammar.ts';
import type { Chapter } from './help.ts';
import { key } from './keys.ts';
import { login } from './login.ts';
import { machine } from './machine/machine.ts';
import { balance, ledger } from './money.ts';
import { demand } from './demand.ts';
import { otherProgram } from './other-programs.ts';
import { policy } from './policy/policy.ts';
import { cp } from './rent/cp.ts';
import { events } from './rent/events.ts';
import { exec } from './rent/exec.ts';
import { logs } from './rent/logs.ts';
import { offers } from './rent/offers.ts';
import { port } from './rent/port.ts';
import { ps } from './rent/ps.ts';
import { apply, run } from './rent/run.ts';
import { stats } from './rent/stats.ts';
import { extend, stop } from './rent/stop.ts';
import { down } from './up/background.ts';
import { up } from './up/up.ts';

const agent = otherProgram('agent', 'The agent on this machine: coop agent doctor, run, uninstall');
const prove = otherProgram(
  'prove',
  'Challenge this machine as a checker would: memory, bandwidth and arithmetic that it proves',
);

/** What those type by habit who come from Vast: verb noun. */
const vastOrder: Commands = {
  search: { about: 'As coop offers', hidden: true, commands: { offers } },
  show: { about: 'As coop ps', hidden: true, commands: { instances: ps, machines: machine.commands['list']!, offers } },
  create: { about: 'As coop run', hidden: true, commands: { instance: run } },
  destroy: { about: 'As coop stop', hidden: true, commands: { instance: stop } },
};

export const commands: Commands = {
  up,
  down,
  login,
  offers,
  run,
  apply,
  ps,
  logs,
  exec,
  cp,
  port,
  events,
  stats,
  extend,
  stop,
  balance,
  ledger,
  key,
  machine,
  agent,
  prove,
  demand,
  policy,
  admin,
  ...vastOrder,
};

export const chapters: readonly Chapter[] = [
  { title: 'Begin', commands: ['up', 'down', 'login'] },
  {
    title: 'Rent',
    commands: ['offers', 'run', 'apply', 'ps', 'logs', 'exec', 'cp', 'port', 'events', 'stats', 'extend', 'stop'],
  },
  { title: 'Money', commands: ['balance', 'ledger', 'key'] },
  { title: 'Rent out', commands: ['machine', 'agent', 'prove', 'demand'] },
  { title: 'The network', commands: ['policy', 'admin'] },
];
