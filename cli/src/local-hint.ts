import { CoopError } from '@gpucoop/protocol/problem.ts';
import { chooseContext } from './contexts.ts';
import { coopHome } from './home.ts';
import { LOCAL } from './up/first-start.ts';
import { whoRuns } from './up/running.ts';

/** When the network of this very computer does not answer because nobody has started it, that is what to say. */
export async function withLocalHint(error: unknown, env: NodeJS.ProcessEnv): Promise<unknown> {
  if (!(error instanceof CoopError) || error.code !== 'unavailable' || !error.message.endsWith('does not answer.'))
    return error;
  try {
    const home = coopHome(env);
    const context = await chooseContext(home, env, undefined);
    if (context?.name !== LOCAL || (await whoRuns(home)).running !== undefined) return error;
  } catch {
    return error; // what cannot be read here was not the question
  }
  return new CoopError(error.code, 'The network of this computer is not running.', {
    hint: 'Start it with coop up.',
    cause: error,
  });
}
