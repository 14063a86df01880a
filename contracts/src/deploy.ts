import { readFile, rename, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { findPolicy } from '@gpucoop/policy/find-policy.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { requireSafePolicy } from '@gpucoop/policy/unsafe.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { createPublicClient, createWalletClient, defineChain, getAddress, http, isAddress, publicActions } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Address, Hex, PrivateKeyAccount } from 'viem';
import { deploy, type Deployer } from './deployment/deploy.ts';
import { privateKeyFrom } from './deployment/keystore.ts';

const usage = `npm run deploy -- --policy NAME|FILE --rpc URL --out FILE [options]
  --policy NAME|FILE       standby, ionet, aethir, or a policy file
  --rpc URL                of a node of the chain
  --out FILE               addresses, chain and policy hash, as JSON; the same at every run
  --holders FILE           JSON of names and addresses: governor, guardian, poster, arbiter, buyer, treasury,
                           and the shares and pools of the policy; default: the deploying account
  --payment-token ADDRESS  what renters pay in; left out on a chain of one's own (31337): a test dollar
  --licence-token ADDRESS  what licences are paid in, where their prices are in ether: wrapped ether
  --starts-after N         seconds from the first run to the start of the emission (default 0)
  --sale-opens-after N     seconds from the first run to the opening of the licence sale (default 0)
  --label TEXT             another network of the same policy and account (default coop)
  --keystore FILE          the account; its password in COOP_KEYSTORE_PASSWORD
Environment: COOP_DEPLOYER_KEY, the account's private key, where no keystore is given.
A run that was broken off goes on when it is started again; one that is complete changes nothing.`;

const LOCAL_CHAIN = 31_337;

try {
  await main();
} catch (error) {
  if (!(error instanceof CoopError)) throw error;
  say(`error  ${error.message}`);
  if (error.hint !== undefined) say(` hint  ${error.hint}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      policy: { type: 'string' },
      rpc: { type: 'string' },
      out: { type: 'string' },
      holders: { type: 'string' },
      'payment-token': { type: 'string' },
      'licence-token': { type: 'string' },
      'starts-after': { type: 'string', default: '0' },
      'sale-opens-after': { type: 'string', default: '0' },
      label: { type: 'string', default: 'coop' },
      keystore: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { policy: name, rpc, out } = values;
  if (values.help || name === undefined || rpc === undefined || out === undefined) {
    say(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const { policy } = await findPolicy(name, (path) => readFile(path, 'utf8'));
  requireSafePolicy(policy);
  const chain = await connect(rpc, await account(values.keystore));
  const deployment = await deploy(chain, {
    policy,
    label: values.label,
    holderOf: await holders(values.holders, chain.account.address),
    paymentToken: paymentToken(values['payment-token'], chain.chain.id),
    licenceToken: licenceToken(values['licence-token'], policy, chain.chain.id),
    startsAfter_s: seconds('--starts-after', values['starts-after']),
    saleOpensAfter_s: seconds('--sale-opens-after', values['sale-opens-after']),
    say,
  });
  await writeFile(`${out}.part`, `${JSON.stringify(deployment, null, 2)}\n`);
  await rename(`${out}.part`, out);
  say(`written to ${out}: policy ${deployment.policy_hash} on chain ${deployment.chain_id}`);
}

async function account(keystore: string | undefined): Promise<PrivateKeyAccount> {
  if (keystore !== undefined)
    return privateKeyToAccount(
      privateKeyFrom(await readFile(keystore, 'utf8'), process.env['COOP_KEYSTORE_PASSWORD'] ?? ''),
    );
  const key = process.env['COOP_DEPLOYER_KEY'];
  if (key === undefined || !/^0x[0-9a-fA-F]{64}$/.test(key))
    throw new CoopError('unauthenticated', 'there is no account to deploy from', {
      hint: 'set COOP_DEPLOYER_KEY to 0x and 64 hex digits, or give --keystore FILE',
    });
  return privateKeyToAccount(key as Hex);
}

async function connect(rpc: string, from: PrivateKeyAccount): Promise<Deployer> {
  const transport = http(rpc);
  const id = await createPublicClient({ transport }).getChainId();
  const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 };
  const chain = defineChain({ id, name: `chain ${id}`, nativeCurrency, rpcUrls: { default: { http: [rpc] } } });
  return createWalletClient({ account: from, chain, transport, pollingInterval: 500 }).extend(publicActions);
}

async function holders(file: string | undefined, deployer: Address): Promise<(name: string) => Address> {
  const given = file === undefined ? {} : (JSON.parse(await readFile(file, 'utf8')) as Record<string, string>);
  const addresses = new Map(
    Object.entries(given).map(([name, address]) => [name, addressFrom(address, `${file}: ${name}`)]),
  );
  const missing = new Set<string>();
  return (name) => {
    if (!addresses.has(name) && !missing.has(name)) say(`         ${name} is held by the deploying account`);
    missing.add(name);
    return addresses.get(name) ?? deployer;
  };
}

function paymentToken(given: string | undefined, chainId: number): Address | undefined {
  if (given !== undefined) return addressFrom(given, '--payment-token');
  if (chainId === LOCAL_CHAIN) return undefined;
  throw new CoopError('invalid_request', `chain ${chainId} is not one's own: say which token renters pay in`, {
    hint: '--payment-token ADDRESS',
  });
}

function licenceToken(given: string | undefined, { licences }: Policy, chainId: number): Address | undefined {
  if (given !== undefined) return addressFrom(given, '--licence-token');
  if (licences?.currency !== 'ether' || chainId === LOCAL_CHAIN) return undefined;
  throw new CoopError('invalid_request', 'licences are priced in ether: say which token holds it on this chain', {
    hint: '--licence-token ADDRESS, of wrapped ether',
  });
}

function addressFrom(text: string, where: string): Address {
  if (!isAddress(text, { strict: true }))
    throw new CoopError('invalid_request', `${where}: ${text} is not an address, or its checksum is wrong`);
  return getAddress(text);
}

function seconds(option: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new CoopError('invalid_request', `${option}: ${text} is no number of seconds`);
  return Number(text);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
