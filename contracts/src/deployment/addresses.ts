import { getContractAddress, getCreate2Address, stringToHex, type Address, type Hex } from 'viem';

/** Contracts that another one deploys in its constructor, as its first. */
export const childOf: Readonly<Record<string, string>> = { Token: 'Emission', License: 'LicenseSale' };

/** Code that OpenZeppelin's Create3 puts between, so that an address does not depend on the contract's own code. */
const CREATE3_PROXY: Hex = '0x73365f5f37365f34f06012573d5f5f3e3d5ffd5b005f526014600cf3';

/** Where Launch deploys the contract of a name, whether it has or not. */
export function addressUnder(launch: Address, name: string): Address {
  const parent = childOf[name];
  if (parent !== undefined) return getContractAddress({ from: addressUnder(launch, parent), nonce: 1n });
  const proxy = getCreate2Address({ from: launch, salt: launchName(name), bytecode: CREATE3_PROXY });
  return getContractAddress({ from: proxy, nonce: 1n });
}

export const launchName = (name: string): Hex => stringToHex(name, { size: 32 });
