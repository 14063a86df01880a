import { CoopError } from '@gpucoop/protocol/problem.ts';
import { agreed } from '../ask.ts';
import { command } from '../grammar.ts';
import type { Group } from '../grammar.ts';
import { renderDoctor, renderEarnings, renderMachine, renderMachines, stateOf } from '../look/machines.ts';
import { count } from '../look/units.ts';
import { openSession } from '../session.ts';
import { add } from './add.ts';
import { allMachines, findMachine, MACHINE } from './find-machine.ts';
import { price, terms } from './terms.ts';

const list = command({
  about: 'Your machines',
  flags: { all: { type: 'boolean', short: 'a', about: 'Also those that were removed' } },
  run: async (input) => {
    const { flags, terminal } = input;
    const { client } = await openSession(input);
    const machines = await allMachines(client, flags.all);
    if (terminal.json) return terminal.printJson(machines);
    if (machines.length === 0)
      return terminal.print(
        `You have no machine. ${terminal.look.type('coop machine add')} gives the line to type on it.`,
      );
    terminal.print(renderMachines(machines, terminal.look, terminal.width, terminal.nowMs()));
  },
});

const show = command({
  about: 'Everything about one machine',
  positionals: [MACHINE],
  flags: {},
  run: async (input) => {
    const { terminal } = input;
    const { client } = await openSession(input);
    const machine = await findMachine(client, input.args[0]);
    if (terminal.json) return terminal.printJson(machine);
    terminal.print(renderMachine(machine, terminal.look, terminal.width, terminal.nowMs()));
  },
});

function listing(about: string, details: string, to: 'listed' | 'paused' | 'draining', said: string) {
  return command({
    about,
    details,
    positionals: [MACHINE],
    flags: {},
    run: async (input) => {
      const { client } = await openSession(input);
      const { id } = await findMachine(client, input.args[0]);
      const machine = await client.machines.setListing(id, to);
      if (input.terminal.json) return input.terminal.printJson(machine);
      const left = machine.leases.length === 0 ? '' : ` ${count(machine.leases.length, 'lease')} on it.`;
      input.terminal.print(`${machine.name}  ${said}${left}`);
    },
  });
}

const doctor = command({
  about: 'Check a machine, each step by name',
  details: 'Exits with 1 when a check failed. On the machine itself: coop agent doctor.',
  positionals: [MACHINE],
  flags: {},
  run: async (input) => {
    const { terminal } = input;
    const { client } = await openSession(input);
    const { id } = await findMachine(client, input.args[0]);
    const checks = await client.machines.doctor(id);
    if (terminal.json) terminal.printJson(checks);
    else terminal.print(renderDoctor(checks, terminal.look, terminal.width));
    return checks.some(({ status }) => status === 'failed') ? 1 : 0;
  },
});

const earnings = command({
  about: 'What a machine has earned, lease by lease',
  positionals: [MACHINE],
  flags: {},
  run: async (input) => {
    const { terminal } = input;
    const { client } = await openSession(input);
    const { id } = await findMachine(client, input.args[0]);
    const earned = await client.machines.earnings(id);
    if (terminal.json) return terminal.printJson(earned);
    terminal.print(renderEarnings(earned, terminal.look, terminal.width));
  },
});

const remove = command({
  about: 'Take a machine out of the network for good',
  details:
    'Its leases end now, without notice; drain it first to be kind. The agent there takes itself away and leaves nothing behind.',
  positionals: [{ ...MACHINE, about: 'An id, the beginning of one, or a name' }],
  flags: { yes: { type: 'boolean', short: 'y', about: 'Do not ask' } },
  run: async (input) => {
    const { args, flags, terminal } = input;
    if (args[0] === undefined)
      throw new CoopError('invalid_request', 'coop machine remove needs a machine.', {
        hint: 'coop machine list shows them.',
      });
    const { client } = await openSession(input);
    const machine = await findMachine(client, args[0]);
    if (machine.listing === 'removed') throw new CoopError('wrong_state', `${machine.name} was removed before.`);
    const loss =
      machine.leases.length === 0
        ? 'Nothing runs on it.'
        : `${count(machine.leases.length, 'lease')} on it will end now.`;
    if (!flags.yes && !(await agreed(terminal, `Remove ${machine.name} (${stateOf(machine)})? ${loss}`))) return 1;
    const removed = await client.machines.remove(machine.id);
    if (terminal.json) return terminal.printJson(removed);
    terminal.print(
      `${machine.name}  removed${machine.presence === 'online' ? '' : '; its agent is not online: run coop agent uninstall there'}`,
    );
  },
});

export const machine: Group = {
  about: 'Rent out your machines',
  commands: {
    add,
    list,
    show,
    price,
    terms,
    pause: listing(
      'Take a machine off the market; running leases go on',
      'Nothing new starts. coop machine resume brings it back.',
      'paused',
      'paused; nothing new starts.',
    ),
    resume: listing('Put a machine back on the market', 'After pause or drain.', 'listed', 'on the market.'),
    drain: listing(
      'End the leases of a machine with notice',
      'Nothing new starts; renters get the notice that the policy gives them, and then their leases end. The machine stays enrolled.',
      'draining',
      'draining; leases get notice and end.',
    ),
    doctor,
    earnings,
    remove,
  },
};
