import { policyHash, type Policy } from '@gpucoop/policy/policy.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import {
  concatHex,
  encodeDeployData,
  encodeFunctionData,
  getCreate2Address,
  keccak256,
  stringToHex,
  zeroHash,
  type Account,
  type Address,
  type Chain,
  type Hex,
  type PublicActions,
  type Transport,
  type WalletClient,
} from 'viem';
import { artifact } from '../artifacts.ts';
import { addressUnder, childOf, launchName } from './addresses.ts';
import { planOf, type Step } from './plan.ts';

/** An account that can sign, on a chain. */
export type Deployer = WalletClient<Transport, Chain, Account> & PublicActions<Transport, Chain, Account>;

/** Everything that another program needs to find the contracts. The same at every run. */
export type Deployment = {
  chain_id: number;
  policy_hash: string;
  launch: Address;
  /** Unix seconds from which the curves count. */
  start: number;
  /** By name; `code_hash` covers the creation code and all parameters. */
  contracts: Record<string, { address: Address; code_hash: Hex }>;
};

export type DeployOptions = {
  policy: Policy;
  /** Tells networks of one policy and one account apart. */
  label: string;
  holderOf: (name: string) => Address;
  /** Undefined: a test dollar is deployed. */
  paymentToken: Address | undefined;
  /** Undefined: the payment token. */
  licenceToken: Address | undefined;
  /** From the launch to the start of the emission. */
  startsAfter_s: number;
  /** From the launch to the opening of the sale of licences. */
  saleOpensAfter_s: number;
  say(line: string): void;
};

/** Made by one signed transaction that everybody may send: https://github.com/Arachnid/deterministic-deployment-proxy */
const CREATE2_PROXY: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C';

/**
 * Deploys every contract of a policy. Addresses follow from account, label, policy hash and names alone, and Launch keeps the hash of each
 * contract's code, so a second run changes nothing, and one that was broken off goes on. Throws when anything else stands at a name.
 */
export async function deploy(chain: Deployer, options: DeployOptions): Promise<Deployment> {
  const { policy, say } = options;
  const report = (name: string, address: Address, wasThere: boolean) =>
    say(`${wasThere ? 'kept     ' : 'deployed '} ${name.padEnd(20)} ${address}`);
  const launch = await standLaunch(chain, options, report);
  const launchedAt = (await readLaunch(chain, launch, 'START')) as bigint;
  const start = launchedAt + BigInt(options.startsAfter_s);
  const steps = planOf(policy, {
    holderOf: options.holderOf,
    paymentToken: options.paymentToken,
    licenceToken: options.licenceToken,
    addressOf: (name) => addressUnder(launch, name),
    start,
    saleOpensAt: launchedAt + BigInt(options.saleOpensAfter_s),
  });
  const contracts: Deployment['contracts'] = {};
  for (const step of steps) {
    const { code_hash, wasThere } = await standStep(chain, launch, step);
    for (const name of [step.name, ...Object.keys(childOf).filter((child) => childOf[child] === step.name)]) {
      contracts[name] = { address: addressUnder(launch, name), code_hash };
      report(name, contracts[name].address, wasThere);
    }
  }
  await requireInForce(chain, contracts['Policy']!.address, policy);
  return { chain_id: chain.chain.id, policy_hash: policyHash(policy), launch, start: Number(start), contracts };
}

async function standLaunch(
  chain: Deployer,
  { policy, label }: DeployOptions,
  report: (name: string, address: Address, wasThere: boolean) => void,
): Promise<Address> {
  const hasCode = async (address: Address) => (await chain.getCode({ address })) !== undefined;
  if (!(await hasCode(CREATE2_PROXY)))
    throw new CoopError('wrong_state', `this chain lacks the deterministic deployment proxy, ${CREATE2_PROXY}`, {
      hint: 'send its transaction first: https://github.com/Arachnid/deterministic-deployment-proxy',
    });
  const { abi, bytecode } = await artifact('Launch');
  const initCode = encodeDeployData({ abi, bytecode, args: [chain.account.address] });
  const salt = keccak256(concatHex([`0x${policyHash(policy)}`, stringToHex(label)]));
  const launch = getCreate2Address({ from: CREATE2_PROXY, salt, bytecode: initCode });
  const wasThere = await hasCode(launch);
  if (!wasThere) await send(chain, CREATE2_PROXY, concatHex([salt, initCode]), () => hasCode(launch));
  report('Launch', launch, wasThere);
  return launch;
}

async function standStep(chain: Deployer, launch: Address, step: Step): Promise<{ code_hash: Hex; wasThere: boolean }> {
  const { abi, bytecode } = await artifact(step.contract);
  const code = encodeDeployData({ abi, bytecode, args: step.args });
  const code_hash = keccak256(code);
  const name = launchName(step.name);
  const standing = await readLaunch(chain, launch, 'codeHashOf', [name]);
  if (standing === code_hash) return { code_hash, wasThere: true };
  if (standing !== zeroHash)
    throw new CoopError('wrong_state', `${step.name} stands already, with other code or other parameters`, {
      hint: 'give the holders and options of the first run, or a --label of its own for a new network',
    });
  const launchAbi = (await artifact('Launch')).abi;
  const data = encodeFunctionData({ abi: launchAbi, functionName: 'launch', args: [name, code] });
  await send(chain, launch, data, async () => (await readLaunch(chain, launch, 'codeHashOf', [name])) === code_hash);
  return { code_hash, wasThere: false };
}

/**
 * Sends and waits. A transaction of a run that was killed may still arrive before this one, which then fails: what counts is that the
 * thing stands.
 */
async function send(chain: Deployer, to: Address, data: Hex, stands: () => Promise<boolean>): Promise<void> {
  try {
    await chain.waitForTransactionReceipt({ hash: await chain.sendTransaction({ to, data }) });
  } catch (cause) {
    if (await stands()) return;
    throw cause;
  }
  if (!(await stands())) throw new CoopError('wrong_state', `a transaction to ${to} was mined and did not do its work`);
}

async function readLaunch(chain: Deployer, address: Address, functionName: string, args: Hex[] = []): Promise<unknown> {
  return chain.readContract({ address, abi: (await artifact('Launch')).abi, functionName, args });
}

/** The hash is what everybody else compares: it is read back from the chain, not taken from what was sent. */
async function requireInForce(chain: Deployer, address: Address, policy: Policy): Promise<void> {
  const { abi } = await artifact('Policy');
  const current = await chain.readContract({ address, abi, functionName: 'current' });
  if (current !== `0x${policyHash(policy)}`)
    throw new CoopError(
      'wrong_state',
      `on chain the policy ${String(current)} is in force, not 0x${policyHash(policy)}`,
      {
        hint: 'the governor has changed it since: deploy from the file that is in force',
      },
    );
}
