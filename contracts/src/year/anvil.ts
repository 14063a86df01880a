import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Anvil = { url: string; stop(): Promise<void> };

const program = join(import.meta.dirname, '../../../node_modules/.bin/anvil');

/**
 * An EVM node of its own on a free port, whose clock begins at `startsAt` (unix seconds). Every account may send without its key, and gas
 * costs nothing.
 */
export async function startAnvil(startsAt: bigint): Promise<Anvil> {
  const free = ['--port', '0', '--base-fee', '0', '--gas-price', '0', '--accounts', '1', '--auto-impersonate'];
  const node = spawn(program, ['--timestamp', String(startsAt), ...free], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(node, 'exit');
  const said = createInterface(node.stdout);
  const address = await Promise.race([
    new Promise<string>((resolve) => {
      said.on('line', (line) => {
        const found = /^Listening on (\S+)$/.exec(line);
        if (found !== null) resolve(found[1]!);
      });
    }),
    ended.then(([code]) => Promise.reject(new Error(`anvil ended with ${code} before it listened`))),
  ]);
  return {
    url: `http://${address}`,
    stop: async () => {
      node.kill(); // the wrapper hands SIGTERM on to the node
      await ended;
    },
  };
}
