import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between agent and server. `freeze` makes every connection half-open: both ends think that it lives, nothing passes. */
export type TcpProxy = {
  port: number;
  /** Where connections lead from now on. */
  turnTo(target: number): void;
  freeze(): void;
  thaw(): void;
  cut(): void;
  connections(): number;
  close(): Promise<void>;
};

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let leadsTo = target;
  let frozen = false;
  let accepted = 0;
  const server = createServer((client) => {
    accepted += 1;
    const upstream = connect(leadsTo, '127.0.0.1');
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (chunk) => !frozen && to.write(chunk)); // a frozen one swallows, as a route that is gone does
      from.on('error', () => {});
      from.on('close', () => {
        if (frozen) return; // the other end hears of nothing
        to.destroy();
        pairs.delete(pair);
      });
    };
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    pairs.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    turnTo: (port) => (leadsTo = port),
    freeze: () => (frozen = true),
    thaw: () => (frozen = false),
    cut,
    connections: () => accepted,
    close: async () => {
      frozen = false;
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
