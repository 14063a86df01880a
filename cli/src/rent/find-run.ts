import { everyItem } from '@gpucoop/sdk/client.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import { isId } from '@gpucoop/protocol/ids.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Run } from '@gpucoop/protocol/resources.ts';
import { shortId } from '../look/units.ts';

const PREFIX = /^run_[0-9a-z]{1,26}$/;

/** The run that a person means by an id, the beginning of one, or a name (then the newest that has it). */
export async function findRun(client: Client, typed: string): Promise<Run> {
  if (isId('run', typed)) return client.runs.get(typed);
  if (!PREFIX.test(typed)) return byName(client, typed);
  const matching: Run[] = [];
  for await (const run of everyItem((query) => client.runs.list({ ...query, limit: 200 }))) {
    if (run.id.startsWith(typed)) matching.push(run);
    if (matching.length > 1) break;
  }
  if (matching.length > 1) {
    throw new CoopError('invalid_request', `Several runs begin with ${typed}.`, {
      hint: `Type more of it; ${matching.map(({ id }) => shortId(id)).join(' and ')} are two.`,
    });
  }
  return matching[0] ?? byName(client, typed);
}

async function byName(client: Client, name: string): Promise<Run> {
  try {
    return await client.runs.get(name);
  } catch (error) {
    if (!(error instanceof CoopError) || error.code !== 'not_found') throw error;
    throw new CoopError('not_found', `You have no run called "${name}".`, {
      hint: 'coop ps -a lists all of them.',
      cause: error,
    });
  }
}
