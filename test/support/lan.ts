import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { addNetns, removeNetns } from './netns.ts';

/**
 * A neighbour of this host: a network namespace behind a cable of its own, with a TCP service on every one of its addresses. It has
 * an address of a private network, one of a public network that the cable carries (as in a data centre), one of a far network that
 * is reached through it (the internet, for a test), and the address of clouds' metadata services.
 */
export type Lan = {
  privateAddress: string;
  attachedPublicAddress: string;
  internetAddress: string;
  metadataAddress: string;
  port: number;
  /** Runs a command on the neighbour; its output, or what went wrong. */
  run(command: string[]): string;
  /** Gives the neighbour a way to a network behind this host. */
  routeThroughHost(subnet: string): void;
  close(): void;
};

const METADATA = '169.254.169.254';
const PORT = 8000;

export async function openLan(): Promise<Lan> {
  const id = randomBytes(3).toString('hex');
  const name = `coop-lan-${id}`;
  // Of a range that tests elsewhere do not use, one in 250 each, so that two runs seldom meet.
  const part = 1 + (Number.parseInt(id, 16) % 250);
  const addresses = {
    host: `10.231.${part}.1`,
    own: `10.231.${part}.2`,
    hostPublic: `198.51.100.1`,
    ownPublic: '198.51.100.2',
    far: `203.0.113.${part}`,
  };
  const cable = { here: `clh${id}`, there: `clt${id}` };
  let service: ChildProcess | undefined;
  const close = () => {
    service?.kill('SIGKILL');
    for (const remove of [() => run(['ip', 'link', 'del', cable.here]), () => removeNetns(name)]) {
      try {
        remove();
      } catch {
        // It was not made.
      }
    }
  };
  try {
    addNetns(name);
    run(['ip', 'link', 'add', cable.here, 'type', 'veth', 'peer', 'name', cable.there]);
    run(['ip', 'link', 'set', cable.there, 'netns', name]);
    run(['ip', 'addr', 'add', `${addresses.host}/24`, 'dev', cable.here]);
    run(['ip', 'addr', 'add', `${addresses.hostPublic}/24`, 'dev', cable.here]);
    run(['ip', 'link', 'set', cable.here, 'up']);
    const there = (command: string[]) => run(['ip', 'netns', 'exec', name, ...command]);
    there(['ip', 'link', 'set', 'lo', 'up']);
    there(['ip', 'addr', 'add', `${addresses.own}/24`, 'dev', cable.there]);
    there(['ip', 'addr', 'add', `${addresses.ownPublic}/24`, 'dev', cable.there]);
    there(['ip', 'addr', 'add', `${METADATA}/32`, 'dev', 'lo']);
    there(['ip', 'addr', 'add', `${addresses.far}/32`, 'dev', 'lo']);
    there(['ip', 'link', 'set', cable.there, 'up']);
    for (const address of [METADATA, addresses.far]) run(['ip', 'route', 'add', `${address}/32`, 'via', addresses.own]);
    service = spawn(
      'ip',
      [
        'netns',
        'exec',
        name,
        process.execPath,
        '-e',
        `require('net').createServer((s) => s.end('neighbour')).listen(${PORT}, '0.0.0.0')`,
      ],
      { stdio: 'ignore' },
    );
    await untilAnswers(addresses.own);
  } catch (error) {
    close();
    throw error;
  }
  return {
    privateAddress: addresses.own,
    attachedPublicAddress: addresses.ownPublic,
    internetAddress: addresses.far,
    metadataAddress: METADATA,
    port: PORT,
    run(command) {
      try {
        return run(['ip', 'netns', 'exec', name, ...command]);
      } catch (error) {
        return String((error as { stderr?: string }).stderr ?? error);
      }
    },
    routeThroughHost: (subnet) =>
      void run(['ip', 'netns', 'exec', name, 'ip', 'route', 'add', subnet, 'via', addresses.host]),
    close,
  };
}

async function untilAnswers(host: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await answers(host, PORT))) {
    if (performance.now() > deadline) throw new Error('the neighbour does not answer');
  }
}

/** Whether a TCP connection from this host is answered. */
export function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const say = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('data', () => say(true));
    socket.once('connect', () => socket.setTimeout(2000));
    socket.once('timeout', () => say(false));
    socket.once('close', () => say(false));
    socket.once('error', () => say(false));
  });
}

function run([command, ...args]: string[]): string {
  return execFileSync(command as string, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
}
