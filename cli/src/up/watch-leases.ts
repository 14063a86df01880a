import type { Client } from '@gpucoop/sdk/client.ts';
import type { Machine } from '@gpucoop/protocol/resources.ts';
import { unitsText } from '../look/offers.ts';
import { money, shortId } from '../look/units.ts';
import type { Terminal } from '../terminal.ts';
import { render } from './log-line.ts';

const LOOK_AGAIN_MS = 3000;

/** Says on the provider's screen what leases begin, change and end on his machine, and what they brought. */
export function watchLeases(client: Client, machineId: string, terminal: Terminal, signal: AbortSignal): void {
  let before: Machine | undefined;
  const look = async (): Promise<void> => {
    try {
      const now = await client.machines.get(machineId);
      if (before !== undefined) for (const text of changes(before, now)) say(text);
      before = now;
    } catch {
      // The server is away for a moment: the next look finds it, and its own log has told why.
    }
  };
  const say = (text: string): void => {
    const at = new Date(terminal.nowMs()).toISOString();
    if (terminal.json) terminal.printJson({ type: 'lease', at, text });
    else terminal.print(render('machine', at, terminal.look.good('lease'), text, terminal.look));
  };
  const timer = setInterval(() => void look(), LOOK_AGAIN_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  void look();
}

export function changes(before: Machine, now: Machine): string[] {
  const old = new Map(before.leases.map((lease) => [lease.id, lease]));
  const present = new Set(now.leases.filter(({ state }) => state !== 'ended').map(({ id }) => id));
  const earned = BigInt(now.earned.micros) - BigInt(before.earned.micros);
  const ended = before.leases.filter(({ id, state }) => state !== 'ended' && !present.has(id));
  return [
    ...now.leases
      .filter((lease) => lease.state !== 'ended' && old.get(lease.id)?.state !== lease.state)
      .map((lease) => `${shortId(lease.id)}  ${unitsText(lease.units, lease.class)}  ${lease.state}`),
    ...ended.map((lease) => `${shortId(lease.id)}  ${unitsText(lease.units, lease.class)}  ended`),
    ...(earned > 0n ? [`${money(earned)} earned, ${money(now.earned)} in all`] : []),
  ];
}
