import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policyHash } from '@gpucoop/policy/policy.ts';
import { presets } from '@gpucoop/policy/presets/presets.ts';
import { createPublicClient, http, type Abi, type Address } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, until } from '../../test/support/network.ts';
import { artifact, compile, contractsRoot } from './artifacts.ts';
import type { Deployment } from './deployment/deploy.ts';

/** The program that deploys, run against a real node of its own. */

/** Anvil's first account: https://getfoundry.sh/anvil */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const root = join(contractsRoot, '..');
const folder = mkdtempSync(join(tmpdir(), 'coop-deploy-'));
const out = (name: string) => join(folder, `${name}.json`);
let anvil: ChildProcess;
let rpc: string;

beforeAll(async () => {
  await compile('contracts');
  const port = await freePort();
  rpc = `http://127.0.0.1:${port}`;
  anvil = spawn(join(root, 'node_modules/.bin/anvil'), ['--port', String(port), '--silent'], { stdio: 'ignore' });
  const node = createPublicClient({ transport: http(rpc) });
  await until('anvil answers', () => node.getChainId().catch(() => undefined));
}, 600_000);
afterAll(async () => {
  anvil.kill(); // the wrapper hands SIGTERM on to the node; SIGKILL would leave it running
  await once(anvil, 'exit');
  rmSync(folder, { recursive: true });
});

describe('npm run deploy', () => {
  for (const name of ['standby', 'ionet', 'aethir']) {
    test(`${name} stands with its hash, and a second run changes nothing`, { timeout: 300_000 }, async () => {
      const first = await run(['--policy', name, '--out', out(name)]);
      expect(first.code, first.output).toBe(0);
      const deployment = read(name);
      expect(await onChain(deployment, 'Policy', 'current')).toBe(`0x${policyHash(presets[name]!.policy)}`);
      for (const { address } of Object.values(deployment.contracts)) expect(await hasCode(address), address).toBe(true);
      expect(await onChain(deployment, 'Emission', 'TOKEN')).toBe(deployment.contracts['Token']!.address);

      const second = await run(['--policy', name, '--out', out(`${name}-again`)]);
      expect(second.code, second.output).toBe(0);
      expect(second.output).not.toContain('deployed ');
      expect(read(`${name}-again`)).toEqual(deployment);
    });
  }

  test('a run that was killed goes on', { timeout: 300_000 }, async () => {
    const label = ['--policy', 'standby', '--label', 'killed', '--out', out('killed')];
    const killed = await run(label, { killAt: 'deployed  Emission' });
    expect(killed.code).toBeNull();
    const rest = await run(label);
    expect(rest.code, rest.output).toBe(0);
    expect(rest.output).toContain('kept      Emission');
    expect(rest.output).toContain('deployed  Escrow');
    expect(await onChain(read('killed'), 'FeeSink', 'TOKEN')).toBe(read('killed').contracts['Token']!.address);
  });

  test('other parameters under the same label are refused', { timeout: 300_000 }, async () => {
    const holders = join(folder, 'holders.json');
    writeFileSync(holders, JSON.stringify({ team: OTHER }));
    const { code, output } = await run(['--policy', 'standby', '--holders', holders, '--out', out('never')]);
    expect(code).toBe(1);
    expect(output).toContain('Policy stands already, with other code or other parameters');
    expect(() => read('never')).toThrow();
  });

  test('without an account, or with a wrong address, it says what to do', async () => {
    const none = await run(['--policy', 'standby', '--out', out('never')], { env: { COOP_DEPLOYER_KEY: '' } });
    expect(none.output).toContain('COOP_DEPLOYER_KEY');
    const wrong = await run(['--policy', 'standby', '--out', out('never'), '--payment-token', OTHER.replace('C', 'c')]);
    expect(wrong.output).toContain('its checksum is wrong');
  });
});

type Run = { code: number | null; output: string };

function run(args: string[], { killAt, env }: { killAt?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Run> {
  const child = spawn(process.execPath, ['contracts/src/deploy.ts', '--rpc', rpc, ...args], {
    cwd: root,
    env: { ...process.env, COOP_DEPLOYER_KEY: KEY, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (killAt !== undefined && output.includes(killAt)) child.kill('SIGKILL');
    });
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const read = (name: string): Deployment => JSON.parse(readFileSync(out(name), 'utf8')) as Deployment;

async function onChain(deployment: Deployment, contract: string, functionName: string): Promise<unknown> {
  const { abi }: { abi: Abi } = await artifact(contract);
  const { address } = deployment.contracts[contract]!;
  return createPublicClient({ transport: http(rpc) }).readContract({ address, abi, functionName });
}

async function hasCode(address: Address): Promise<boolean> {
  return (await createPublicClient({ transport: http(rpc) }).getCode({ address })) !== undefined;
}
