import { hashTypedData } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifact } from './artifacts.ts';
import { startEvm, type Evm } from './testing/evm.ts';

let evm: Evm;
beforeAll(async () => void (evm = await startEvm()));
afterAll(() => evm.close());

test('a signed permit spends once, by whoever brings it', async () => {
  const [emission, owner, spender] = evm.accounts as [Evm['accounts'][0], Evm['accounts'][0], Evm['accounts'][0]];
  const token = await evm.deploy('Token', ['Coop', 'COOP', 18, emission.address, 1_000n]);
  const { abi } = await artifact('Token');
  const call = { address: token, abi } as const;
  await evm.client.writeContract({ ...call, functionName: 'mint', args: [owner.address, 100n] });
  const permit = {
    domain: { name: 'Coop', version: '1', chainId: evm.client.chain.id, verifyingContract: token },
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: { owner: owner.address, spender: spender.address, value: 60n, nonce: 0n, deadline: 2n ** 40n },
  } as const;
  const signature = await owner.sign({ hash: hashTypedData(permit) });
  const [r, s, v] = [signature.slice(0, 66), `0x${signature.slice(66, 130)}`, parseInt(signature.slice(130), 16)];
  const { message } = permit;
  const args = [message.owner, message.spender, message.value, message.deadline, v, r, s];

  await evm.client.writeContract({ ...call, functionName: 'permit', args });
  await evm.client.writeContract({
    ...call,
    account: spender,
    functionName: 'transferFrom',
    args: [owner.address, spender.address, 60n],
  });

  expect(await evm.client.readContract({ ...call, functionName: 'balanceOf', args: [spender.address] })).toBe(60n);
  await expect(evm.client.writeContract({ ...call, functionName: 'permit', args })).rejects.toThrow(
    /ERC2612InvalidSigner/,
  );
});
