import { typedDataDigest, type Domain, type TypedDataTypes } from './typed-data.ts';

/** A meter's signed claim for one provider, which Escrow redeems. Amounts are the token's smallest unit. */
export type Statement = {
  meter: `0x${string}`;
  token: `0x${string}`;
  provider: `0x${string}`;
  /** Whether the lanes are those that name this provider, or those that name none. */
  named: boolean;
  lines: readonly StatementLine[];
};

/** One renter's cumulative sums: everything that this provider ever served him by this meter, in this kind of lane. */
export type StatementLine = { renter: `0x${string}`; gross: bigint; net: bigint };

export const statementTypes = {
  Statement: [
    { name: 'meter', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'named', type: 'bool' },
    { name: 'lines', type: 'Line[]' },
  ],
  Line: [
    { name: 'renter', type: 'address' },
    { name: 'gross', type: 'uint128' },
    { name: 'net', type: 'uint128' },
  ],
} as const satisfies TypedDataTypes;

/** The domain of an Escrow's statements: bound to its chain and to itself. */
export function statementDomain(chainId: bigint, escrow: `0x${string}`): Domain {
  return { name: 'Coop Escrow', version: '1', chainId, verifyingContract: escrow };
}

/** What the meter signs, 32 bytes. */
export function statementDigest(chainId: bigint, escrow: `0x${string}`, statement: Statement): Uint8Array {
  return typedDataDigest(statementDomain(chainId, escrow), statementTypes, 'Statement', statement);
}
