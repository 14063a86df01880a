import { CoopError } from '@gpucoop/protocol/problem.ts';
import { formatDuration, parseDuration } from '@gpucoop/protocol/sizes.ts';
import { command } from '../grammar.ts';
import { openSession } from '../session.ts';

export const add = command({
  about: 'The line to type on another computer to make it a machine of yours',
  details:
    'The other computer needs curl and Linux, and no open port: its agent dials out. It fetches the agent from this network’s server, checks ' +
    'it, and enrols with a token that is good once. With --service it runs as a systemd service.',
  flags: {
    name: { type: 'string', value: 'NAME', about: 'What to call it; otherwise its host name' },
    service: { type: 'boolean', about: 'Install it as a systemd service' },
    expires: { type: 'string', value: 'TIME', about: 'How long the line is good', default: '1h' },
  },
  run: async (input) => {
    const { flags, terminal } = input;
    const seconds = parseDuration(flags.expires);
    if (typeof seconds !== 'number')
      throw new CoopError('invalid_request', `"${flags.expires}" is no duration.`, {
        at: '--expires',
        hint: 'Write 1h.',
      });
    const session = await openSession(input);
    const token = await session.client.machines.createJoinToken({ name: flags.name ?? null, ttl_s: seconds });
    // The server knows how it can be reached and what certificate to pin; the token goes by the environment, where no process list shows it.
    const line = flags.service ? `${token.command} -s -- --service` : token.command;
    if (terminal.json) return terminal.printJson({ ...token, command: line });
    terminal.aside(`On the other computer, within ${formatDuration(seconds)}:\n`);
    terminal.print(terminal.look.type(line));
    terminal.aside(terminal.asideLook.dim('\nIt works once. coop machine list then shows the machine.'));
    if (new URL(session.context.server).protocol === 'http:') {
      terminal.aside(
        `${terminal.asideLook.attention('only here')}  This network listens on this computer alone. coop up --listen 0.0.0.0:7070 lets others in.`,
      );
    }
  },
});
