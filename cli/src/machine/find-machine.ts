import { everyItem } from '@gpucoop/sdk/client.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import { isId } from '@gpucoop/protocol/ids.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Machine } from '@gpucoop/protocol/resources.ts';
import type { Positional } from '../grammar.ts';
import { shortId } from '../look/units.ts';

export const MACHINE = {
  name: 'MACHINE',
  about: 'An id, the beginning of one, or a name; not needed when you have one machine',
  optional: true,
} as const satisfies Positional;

/** The machine that is meant; without a word the only one there is. Removed ones count only when nothing else fits. */
export async function findMachine(client: Client, typed: string | undefined): Promise<Machine> {
  if (typed !== undefined && isId('machine', typed)) return client.machines.get(typed);
  const all = await allMachines(client);
  const fits = all.filter((machine) => typed === undefined || machine.id.startsWith(typed) || machine.name === typed);
  const alive = fits.filter(({ listing }) => listing !== 'removed');
  const [one, other] = alive.length > 0 ? alive : typed === undefined ? [] : fits;
  if (one !== undefined && other === undefined) return one;
  if (one === undefined) {
    throw new CoopError('not_found', typed === undefined ? 'You have no machine.' : `You have no machine ${typed}.`, {
      hint: all.length === 0 ? 'coop machine add gives the line to type on it.' : 'coop machine list shows them.',
    });
  }
  throw new CoopError(
    'invalid_request',
    typed === undefined ? 'You have several machines; say which.' : `${typed} stands for several machines.`,
    {
      hint: `There are ${alive.map((machine) => `${machine.name} (${shortId(machine.id)})`).join(', ')}.`,
    },
  );
}

export async function allMachines(client: Client, removed = false): Promise<Machine[]> {
  const machines: Machine[] = [];
  for await (const machine of everyItem((page) =>
    client.machines.list({ ...page, removed: removed ? 'true' : 'false', limit: 200 }),
  ))
    machines.push(machine);
  return machines;
}
