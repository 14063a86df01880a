import { startEvm } from '@gpucoop/contracts/testing/evm.ts';
import type { Bench } from './bench.ts';
import { escrowGas } from './gas/escrow.ts';
import { licenceGas } from './gas/licence.ts';
import type { GasBench, GasRow, Measured } from './gas/measure.ts';
import { rewardsGas } from './gas/rewards.ts';
import { stakeGas } from './gas/stake.ts';

const contracts: readonly GasBench[] = [licenceGas, escrowGas, stakeGas, rewardsGas];

/** What others' transactions of the same purpose use, as they or others published it: for one payment, match or deal. */
const published: GasRow[] = [
  {
    what: 'Livepeer: redeem one ticket (go-livepeer/protocol gas tests, collaborators mocked)',
    of: 1,
    steady: only(142_948),
  },
  { what: 'iExec: match one deal (PoCo pull request 67)', of: 1, steady: only(494_315) },
  { what: 'Lilypad: one deal in four transactions (solc 0.8.21, optimiser off)', of: 1, steady: only(1_510_000) },
];

export const gas: Bench = {
  name: 'gas',
  what: 'gas of each transaction of our contracts, first touch and steady, beside what others use for one',
  async run({ say }) {
    const rows: GasRow[] = [];
    for (const measure of contracts) {
      const evm = await startEvm();
      try {
        rows.push(...(await measure(evm)));
      } finally {
        await evm.close();
      }
    }
    say(
      'solc 0.8.37, viaIR, optimiser of 10,000 runs; whole transactions in the in-process EVM, their 21,000 and calldata included',
    );
    say(
      'first touch: the accounts of the transaction were never seen by the contracts; steady: their storage is in use',
    );
    return { rows: [...rows, ...published].map(printed), json: { rows, published } };
  },
};

function printed({ what, of, first, steady, aim_each }: GasRow): Record<string, string> {
  const each = (measured: Measured | undefined) =>
    of === 1 || measured === undefined ? '' : number(measured.gas / of);
  return {
    transaction: what,
    'first touch': first === undefined ? '' : number(first.gas),
    'each, first': each(first),
    steady: steady === undefined ? '' : number(steady.gas),
    'each, steady': each(steady),
    'aim for each': aim_each ?? '',
    'calldata bytes': bytes(first ?? steady),
  };
}

function only(gas: number): Measured {
  return { gas, calldata_bytes: 0 };
}

function bytes(measured: Measured | undefined): string {
  return measured === undefined || measured.calldata_bytes === 0 ? '' : number(measured.calldata_bytes);
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
