import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { openTestBed, outputOf, shell, until } from '@gpucoop/agent/engine/test-bed.ts';
import { answers, openLan } from './lan.ts';

/**
 * A program for the network namespace of a docker engine that has gVisor: an agent and its leases are there, with a neighbour. It
 * prints which places answer the host, which a lease, and what the agent reaches of a lease.
 *   gvisor-places.ts SOCKET
 */
const socketPath = process.argv[2]!;
const PORT = 8080;

const lan = await openLan();
const bed = await openTestBed('sandbox', { socketPath, network: true });
const ofHost = createServer((socket) => socket.end('host')).listen(PORT, '0.0.0.0');
try {
  const other = await bed.run({ command: ['nc', '-ll', '-p', String(PORT), '-e', 'echo', 'served'] });
  const { HostConfig, NetworkSettings } = await bed.docker.getContainer(other).inspect();
  const { IPAddress: otherLease, Gateway: gateway } = Object.values(NetworkSettings.Networks)[0]!;
  const places: Record<string, [string, number]> = {
    internet: [lan.internetAddress, lan.port],
    private: [lan.privateAddress, lan.port],
    attached: [lan.attachedPublicAddress, lan.port],
    metadata: [lan.metadataAddress, lan.port],
    host: [gateway, PORT],
    'another lease': [otherLease, PORT],
  };
  await until('the other lease serves the host', () => answers(otherLease, PORT));
  const asked = Object.values(places).map(
    ([host, port]) => `answer=$(nc -w 2 ${host} ${port} </dev/null 2>/dev/null); echo "\${answer:--}"`,
  );
  const said = (await outputOf(bed.engine, await bed.run(shell(asked.join('; '))))).trim().split('\n');
  const seen = Object.entries(places).map(async ([name, [host, port]], index) => {
    return [name, { host: await answers(host, port), lease: said[index] }] as const;
  });
  const report = {
    runtime: HostConfig.Runtime,
    places: Object.fromEntries(await Promise.all(seen)),
    agent: await text(await bed.engine.connect(other, PORT)),
  };
  process.stdout.write(JSON.stringify(report));
} finally {
  ofHost.close();
  await bed.close();
  lan.close();
}
