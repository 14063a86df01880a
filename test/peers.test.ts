import { once } from 'node:events';
import http2, { type ServerHttp2Stream } from 'node:http2';
import { connect as connectTcp, createServer, type AddressInfo, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogLine, Run } from '@gpucoop/protocol/resources.ts';
import { openDatabase } from '@gpucoop/server/db/open.ts';
import { makePeerCertificate, type PeerCertificate } from '@gpucoop/server/peers/certificate.ts';
import { claim } from '@gpucoop/server/runs/store.ts';
import { openTestDatabase, type TestDatabase } from './support/database.ts';
import { answer, enrolFake, type Behaviour, type FakeAgent } from './support/fake-agent.ts';
import { describeNeeding } from './support/needs.ts';
import { isEnded, isRunning, specOf, until } from './support/network.ts';
import { expectRight, order, startRooms, testKeys, type Renter, type Rooms } from './support/rooms.ts';

/**
 * Two servers, one database, and a machine whose link the one has: what a renter asks of the other. The machine does as a test says;
 * `fleet.test.ts` has the same with real programs.
 */
describeNeeding(['postgres'], 'a run through the server that has not its machine’s link', () => {
  const closing: (() => Promise<unknown> | void)[] = [];
  let database: TestDatabase;
  let near: Rooms;
  let far: Rooms;
  let agent: FakeAgent;
  let provider: Renter;
  let renter: Renter;
  let run: Run;
  let behaviour: Behaviour;

  beforeEach(async () => {
    database = await openTestDatabase('postgres');
    closing.push(() => database.close());
    const keys = testKeys();
    const peerListen = { host: '127.0.0.1', port: 0 };
    [near, far] = [await addServer({ keys, peerListen }), await addServer({ keys, peerListen })];
    behaviour = {};
    provider = await far.user();
    agent = await enrolFake(far, provider, behaviour);
    await agent.dial();
    closing.push(() => agent.hangUp());
    renter = await near.user(1_000_000);
    const spec = specOf({ command: ['sleep', '600'], stop_grace_s: 0 });
    await until('it is on offer', async () => (await near.market.quote(renter.id, spec)).options.length > 0);
    run = await order(near, renter, spec);
    await until('it runs', async () => isRunning(await near.runs.get(renter.id, run.id)));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function addServer(options: Parameters<typeof startRooms>[1]): Promise<Rooms> {
    const own = await openDatabase({ url: database.url ?? '' });
    closing.push(() => own.close());
    const rooms = await startRooms(own, options);
    closing.push(() => rooms.stop());
    return rooms;
  }

  /** The machine answers calls of this path with `act`; all others as it ever does. */
  const onCall = (path: string, act: (call: ServerHttp2Stream, method: string) => void): void => {
    behaviour.answer = (call, method, called) => {
      if (!called.includes(path)) return false;
      act(call, method);
      return true;
    };
  };
  const idOf = async (rooms: Rooms): Promise<string> => {
    const rows = await database.db.selectFrom('servers').select('id').orderBy('started_at').execute();
    return rows[rooms === near ? 0 : 1]!.id;
  };
  const enter = async (id: string, peer_url: string, peer_certificate: string): Promise<void> => {
    const values = { id, peer_url, peer_certificate, started_at: new Date() };
    await database.db.insertInto('servers').values(values).execute();
  };
  const peerAddress = async (rooms: Rooms): Promise<number> => {
    const { peer_url } = await database.db
      .selectFrom('servers')
      .select('peer_url')
      .where('id', '=', await idOf(rooms))
      .executeTakeFirstOrThrow();
    return Number(new URL(peer_url ?? '').port);
  };
  const exec = (rooms = near) =>
    rooms.runs.exec(renter.id, run.id, {
      command: ['cat'],
      tty: false,
      columns: null,
      rows: null,
      env: {},
      user: null,
    });

  test('a command’s bytes pass both ways, and each end can say that it has ended', async () => {
    onCall('/exec', (call) => {
      call.respond({ ':status': 200 });
      call.write('ready ');
      call.pipe(call);
    });
    const connection = await exec();
    connection.write('one ');
    connection.end('two');
    expect(await text(connection)).toBe('ready one two');
  });

  test('a port’s bytes pass in one direction after the other has ended', async () => {
    const said = Promise.withResolvers<string>();
    onCall('/connect?port=80', (call) => {
      call.respond({ ':status': 200 });
      call.end('the page');
      text(call).then(said.resolve, said.reject);
    });
    const connection = await near.runs.connect(renter.id, run.id, 80);
    expect(await text(connection)).toBe('the page');
    connection.end('thanks');
    expect(await said.promise).toBe('thanks');
  });

  test('a file of megabytes arrives whole, up and down', async () => {
    const bytes = Buffer.alloc(8 * 1024 * 1024, 'coop');
    let received: Buffer | undefined;
    onCall('/files', (call, method) => {
      if (method === 'GET') {
        call.respond({ ':status': 200 });
        return call.end(bytes);
      }
      void buffer(call).then((all) => {
        received = all;
        answer(call, {});
      });
    });
    await near.runs.writeFiles(renter.id, run.id, '/data', Readable.from([bytes]));
    expect(received?.equals(bytes)).toBe(true);
    for (let n = 0; n < 10; n += 1)
      expect((await buffer(await near.runs.readFiles(renter.id, run.id, '/data'))).equals(bytes), `${n}`).toBe(true);
  });

  test('half an upload is never taken for a whole one', async () => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<string>();
    onCall('/files', (call) => {
      call.once('data', () => begun.resolve());
      call.once('close', () => ended.resolve(call.rstCode === 0 ? 'ended in order' : 'cut off'));
    });
    const tar = new Readable({ read() {} });
    const writing = near.runs.writeFiles(renter.id, run.id, '/data', tar);
    tar.push('the first half');
    await begun.promise;
    tar.destroy(new Error('the client went away'));
    await expect(writing).rejects.toThrow();
    expect(await ended.promise).toBe('cut off');
  });

  test('half an answer is never taken for a whole one', async () => {
    onCall('/files', (call) => {
      call.respond({ ':status': 200 });
      call.write('the first half', () => call.destroy(new Error('broken')));
    });
    const file = await near.runs.readFiles(renter.id, run.id, '/data');
    await expect(text(file)).rejects.toMatchObject({ code: 'machine_unreachable' });
  });

  test('the machine’s own refusal arrives as it was said, also in the middle of an upload', async () => {
    onCall('/files', (call) => {
      call.resume();
      answer(
        call,
        {
          type: 'urn:coop:problem:payload_too_large',
          title: 'The request is too large',
          status: 413,
          detail: 'The disk is full.',
          code: 'payload_too_large',
          retryable: false,
        },
        413,
      );
    });
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    await expect(near.runs.writeFiles(renter.id, run.id, '/data', endless)).rejects.toMatchObject({
      code: 'payload_too_large',
      message: 'The disk is full.',
    });
  });

  test('one that is not read holds back its sender, and nobody else', async () => {
    onCall('/files', (call) => {
      call.respond({ ':status': 200 });
      const more = (): void => {
        while (!call.destroyed && call.write(Buffer.alloc(65_536)));
        call.once('drain', more);
      };
      more();
    });
    const unread = await Promise.all(
      Array.from({ length: 8 }, () => near.runs.readFiles(renter.id, run.id, '/endless')),
    );
    const stats = {
      cpu_percent: 1,
      memory_used_mib: 2,
      memory_limit_mib: 3,
      disk_used_mib: null,
      pids: 1,
      received_bytes: null,
      sent_bytes: null,
    };
    onCall('/stats', (call) => answer(call, stats));
    expect(await near.runs.stats(renter.id, run.id)).toEqual(stats);
    for (const stream of unread) stream.destroy();
  });

  test('logs go on where they were when the link moves, to whichever server', async () => {
    let written = 0;
    onCall('/logs', (call) => {
      call.respond({ ':status': 200 });
      call.write(`${JSON.stringify(lineOf(++written))}\n`);
    });
    const ending = new AbortController();
    const lines = near.runs
      .logs(renter.id, run.id, { after: null, tail: null, follow: true, lease_id: null }, ending.signal)
      [Symbol.asyncIterator]();
    const next = async (): Promise<LogLine> => (await lines.next()).value as LogLine;
    expect((await next()).seq).toBe(1);
    await agent.dial(near);
    expect((await next()).seq).toBe(2);
    await agent.dial(far);
    expect((await next()).seq).toBe(3);
    ending.abort();
    await lines.return?.(undefined);
  });

  test('what happens at the one is told at the other: the order, the stop, and the end', async () => {
    const leaving = new AbortController();
    const told: string[] = [];
    for await (const event of near.runs.events(renter.id, run.id, 0, leaving.signal)) {
      told.push(event.type);
      if (event.type === 'lease.ready') await near.runs.stop(renter.id, run.id);
    }
    expect(told).toEqual(expect.arrayContaining(['lease.ready', 'lease.stopping', 'run.ended']));
    await expectRight(database);
  });

  test('an order and what becomes of it are said to the other, so that nobody waits for his next look', async () => {
    const heard: string[] = [];
    const unlisten = await database.listen('coop_wakes', (payload) => heard.push(payload));
    const second = await order(near, renter, specOf({ command: ['sleep', '600'], stop_grace_s: 0 }));
    const said = (from: string, word: unknown) =>
      heard.some((payload) => {
        const message = JSON.parse(payload) as { from: string; words: unknown[] };
        return message.from === from && message.words.some((each) => JSON.stringify(each) === JSON.stringify(word));
      });
    const [nearId, farId] = [await idOf(near), await idOf(far)];
    await until('the order is', async () => said(nearId, { lease: second.leases[0]!.id, to: farId }));
    await until('what becomes of it is', async () => said(farId, { run: second.id }));
    await agent.dial(near);
    await until('the link is', async () => said(nearId, { link: agent.machineId, epoch: 2 }));
    await unlisten();
  });

  test('a machine that is removed at the one is told so by the other, and only then refused', async () => {
    await near.machines.remove(provider.id, agent.machineId);
    await until('it was told', async () => agent.calls.includes('POST /v1/remove'));
    agent.hangUp();
    await until('it is parted with', async () => {
      const { presence } = await near.machines.get(provider.id, agent.machineId);
      return presence === 'lost';
    });
    await expectRight(database);
  });

  test('what a server has locked is anybody’s when it is there no more, and nobody’s else while it is', async () => {
    await near.runs.stop(renter.id, run.id);
    await until('it has ended', async () => isEnded(await near.runs.get(renter.id, run.id)));
    const { id } = run.leases[0]!;
    const now = new Date();
    await until('it is no controller’s any more, but for this test', async () => {
      const { numUpdatedRows } = await database.db
        .updateTable('leases')
        .set({ removed_at: now, lock_token: 'killed', lock_expires_at: new Date(now.getTime() + 30_000) })
        .where('id', '=', id)
        .where((eb) => eb.or([eb('lock_token', 'is', null), eb('lock_token', '<>', 'killed')]))
        .executeTakeFirst();
      return numUpdatedRows === 0n; // it stayed as it was set
    });
    await database.db.insertInto('servers').values({ id: 'killed', started_at: now }).execute();
    expect(await claim(database.db, id, 'heir', now)).toBeUndefined();
    await database.db.deleteFrom('servers').where('id', '=', 'killed').execute();
    expect(await claim(database.db, id, 'heir', now)).toMatchObject({ id, lock_token: 'heir' });
  });

  test('a word of another server wakes the lease, though nothing is due', async () => {
    const lease = run.leases[0]!.id;
    const later = new Date(Date.now() + 3_600_000);
    await database.db.updateTable('runs').set({ stop_reason: 'stopped_by_renter' }).where('id', '=', run.id).execute();
    await until('nothing is due', async () => {
      const { due_at } = await database.db
        .updateTable('leases')
        .set({ due_at: later })
        .where('id', '=', lease)
        .returning('due_at')
        .executeTakeFirstOrThrow();
      return due_at.getTime() === later.getTime();
    });
    const words = [{ lease, to: await idOf(far) }];
    await database.notify('coop_wakes', JSON.stringify({ from: 'somebody', words }));
    await until('it was stopped', async () => isEnded(await near.runs.get(renter.id, run.id)));
  });

  test('the older link of a machine ends when a newer one comes up elsewhere, though its connection still stands', async () => {
    const { machineId } = agent;
    const { epoch } = far.network.links.linkOf(machineId)!;
    onCall('/exec', (call) => call.respond({ ':status': 200 }));
    const connection = await exec();
    const words = [{ link: machineId, epoch: epoch + 1 }];
    await database.notify('coop_wakes', JSON.stringify({ from: 'somebody', words }));
    await expect(text(connection)).rejects.toMatchObject({ code: 'machine_unreachable' });
    await until('the link is down', async () => far.network.links.linkOf(machineId) === undefined);
    expect(await agent.closed()).toBe(4000);
  });

  test('a row that is behind is no way: a link that is here is used, and one that is not there is looked for again', async () => {
    onCall('/exec', (call) => {
      call.respond({ ':status': 200 });
      call.end('here');
    });
    const pointTo = (server: string) =>
      database.db.updateTable('machines').set({ link_server: server }).where('id', '=', agent.machineId).execute();
    await pointTo('gone'); // as if the row had not been written since
    expect(await text(await exec(far))).toBe('here');

    // A server that had the link: by the time it is asked, the machine has gone on to another.
    const certificate = await makePeerCertificate('former');
    const former = http2.createSecureServer(certificate).on('stream', (stream) => {
      void idOf(far)
        .then(pointTo)
        .then(() => stream.respond({ ':status': 421, 'x-coop-no-link': '1' }, { endStream: true }));
    });
    const { port } = await listening(former);
    closing.push(() => void former.close());
    await enter('former', `https://127.0.0.1:${port}`, certificate.cert);
    await pointTo('former');
    expect(await text(await exec())).toBe('here');

    const third = await addServer({ keys: near.keys, peerListen: { host: '127.0.0.1', port: 0 } });
    expect(third.network.links.count()).toBe(0);
    const newest = await database.db.selectFrom('servers').select('id').orderBy('started_at', 'desc').execute();
    await pointTo(newest[0]!.id);
    await expect(exec()).rejects.toMatchObject({
      code: 'machine_unreachable',
      hint: expect.stringContaining(`Its link was at server ${newest[0]!.id.slice(0, 8)} a moment ago`),
    });
  });

  describeUnreachable();

  function describeUnreachable(): void {
    const changeFar = async (values: { peer_url: string | null; peer_certificate?: string | null }) =>
      database.db
        .updateTable('servers')
        .set(values)
        .where('id', '=', await idOf(far))
        .execute();
    const refusal = async (): Promise<{ code: string; hint: string }> =>
      exec().then(
        () => ({ code: 'none', hint: '' }),
        (error: unknown) => error as { code: string; hint: string },
      );

    test('a server that cannot be reached is named, with the reason, and without its address', async () => {
      const farName = `server ${(await idOf(far)).slice(0, 8)}`;
      const port = await peerAddress(far);
      const closed = await freePortOf();
      await changeFar({ peer_url: `https://127.0.0.1:${closed}` });
      expect(await refusal()).toMatchObject({
        code: 'machine_unreachable',
        hint: `Its link is at ${farName}, which cannot be reached from here: ECONNREFUSED. Try again; the run itself may well go on.`,
      });

      const other = await makePeerCertificate('another');
      await changeFar({ peer_url: `https://127.0.0.1:${port}`, peer_certificate: other.cert });
      expect((await refusal()).hint).toContain(`${farName}, which cannot be reached from here: another one answers`);

      const mute = await listenMute();
      await changeFar({ peer_url: `https://127.0.0.1:${mute.port}` });
      expect((await refusal()).hint).toContain('no answer in 3 s');

      await changeFar({ peer_url: null, peer_certificate: null });
      expect((await refusal()).hint).toContain(`${farName}, which was started without --peer-listen`);

      await database.db
        .deleteFrom('servers')
        .where('id', '=', await idOf(far))
        .execute();
      expect((await refusal()).hint).toContain(`Its link was at ${farName}, which is gone`);

      await database.db.updateTable('machines').set({ link_server: null }).execute();
      expect((await refusal()).hint).toContain('It has no link now');
    });

    test('a server that takes no requests of others asks none of them, and says so', async () => {
      const alone = await addServer({ keys: near.keys });
      await expect(exec(alone)).rejects.toMatchObject({
        code: 'machine_unreachable',
        hint: expect.stringContaining('this server was started without --peer-listen'),
      });
    });
  }

  test('a stranger at the port gets nothing: no certificate, one of his own, another protocol, noise', async () => {
    const port = await peerAddress(far);
    let reached = false;
    onCall('/exec', () => (reached = true));
    const own = await makePeerCertificate('stranger');
    expect(await knock(port, {})).not.toContain('answered');
    expect(await knock(port, own)).not.toContain('answered');
    const noisy = connectTcp(port, '127.0.0.1');
    noisy.on('error', () => {});
    noisy.write('GET /v1/leases/x HTTP/1.1\r\n\r\n');
    await once(noisy, 'close');
    expect(reached).toBe(false);
    onCall('/exec', (call) => {
      call.respond({ ':status': 200 });
      call.end('as ever');
    });
    expect(await text(await exec())).toBe('as ever'); // and nobody else is the worse for it
  });

  test('another server asks only for leases, terms and the doctor: never for events, nor to remove a machine', async () => {
    const port = await peerAddress(far);
    const member = await makePeerCertificate('member');
    await enter('member', 'https://127.0.0.1:1', member.cert);
    const ask = (path: string) => knock(port, member, { ':path': path, 'x-coop-machine': agent.machineId });
    await until('it is known', async () => (await ask('/v1/leases/x/stats')).includes('200'));
    for (const path of ['/v1/events', '/v1/remove', '/v1/leases', '/']) expect(await ask(path)).toContain('403');
    expect(await knock(port, member, { ':path': '/v1/doctor', 'x-coop-machine': 'mac_other' })).toContain('421');
    expect(agent.calls.filter((call) => call.includes('remove'))).toEqual([]);
  });

  async function freePortOf(): Promise<number> {
    const server = await listening(createServer());
    await new Promise((resolve) => server.server.close(resolve));
    return server.port;
  }

  async function listenMute(): Promise<{ port: number }> {
    const { server, port } = await listening(createServer((socket) => socket.on('error', () => {})));
    closing.push(() => void server.close());
    return { port };
  }
});

async function listening<Some extends Server>(server: Some): Promise<{ server: Some; port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** One request at the port of the servers, as somebody with this certificate makes it: the status, or how it failed. */
async function knock(
  port: number,
  certificate: Partial<PeerCertificate>,
  headers: Record<string, string> = { ':path': '/v1/leases/x/exec', ':method': 'POST' },
): Promise<string> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ...certificate,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  });
  const session = http2.connect(`https://127.0.0.1:${port}`, { createConnection: () => socket });
  const outcome = new Promise<string>((resolve) => {
    session.on('error', (error) => resolve(error.message));
    session.on('close', () => resolve('closed'));
    const request = session.request(headers);
    request.on('error', (error) => resolve(error.message));
    request.on('response', (head) => resolve(`answered ${head[':status']}`));
    request.end();
  });
  try {
    return await outcome;
  } finally {
    session.destroy();
  }
}

const lineOf = (seq: number): LogLine => ({ seq, at: new Date(seq).toISOString(), stream: 'stdout', text: `${seq}` });
