import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * EIP-712: what a wallet signs of a structured message, as the contracts compute it. For the types that our messages use: structs,
 * arrays of them, addresses, unsigned integers, bytes32 and bool.
 */

type Field = { readonly name: string; readonly type: string };
export type TypedDataTypes = Readonly<Record<string, readonly Field[]>>;
export type Domain = { name: string; version: string; chainId: bigint; verifyingContract: `0x${string}` };
type Value = bigint | boolean | string | readonly Value[] | { readonly [name: string]: Value };

const WORD = 32;
const DOMAIN: TypedDataTypes = {
  EIP712Domain: [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
  ],
};

/** The 32 bytes that are signed. Throws on a value that does not fit its type. */
export function typedDataDigest(domain: Domain, types: TypedDataTypes, primary: string, message: Value): Uint8Array {
  const separator = structHash(DOMAIN, 'EIP712Domain', domain);
  return keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), separator, structHash(types, primary, message)));
}

function structHash(types: TypedDataTypes, name: string, value: Value): Uint8Array {
  const struct = value as Readonly<Record<string, Value>>;
  const words = types[name]!.map((field) => word(types, field.type, struct[field.name]!));
  return keccak_256(concatBytes(keccak_256(utf8ToBytes(encodeType(types, name))), ...words));
}

/** `Statement(address meter,…,Line[] lines)Line(…)`: the struct, then all that it refers to in order of the alphabet. */
function encodeType(types: TypedDataTypes, name: string): string {
  const others = [...referred(types, name)].filter((other) => other !== name).toSorted();
  return [name, ...others]
    .map((struct) => `${struct}(${types[struct]!.map((field) => `${field.type} ${field.name}`).join(',')})`)
    .join('');
}

function referred(types: TypedDataTypes, name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name) || types[name] === undefined) return seen;
  seen.add(name);
  for (const field of types[name]) referred(types, field.type.replace(/\[\]$/, ''), seen);
  return seen;
}

function word(types: TypedDataTypes, type: string, value: Value): Uint8Array {
  if (type.endsWith('[]')) {
    const items = (value as readonly Value[]).map((item) => word(types, type.slice(0, -2), item));
    return keccak_256(concatBytes(...items));
  }
  if (types[type] !== undefined) return structHash(types, type, value);
  if (type === 'string') return keccak_256(utf8ToBytes(value as string));
  if (type === 'bool') return integerWord(value === true ? 1n : 0n, 1);
  if (type === 'address') return hexWord(type, value as string, 20);
  if (type === 'bytes32') return hexWord(type, value as string, WORD);
  const bits = /^uint(\d+)$/.exec(type)?.[1];
  if (bits === undefined) throw new TypeError(`${type} is no type that our messages use`);
  return integerWord(value as bigint, Number(bits));
}

function integerWord(value: bigint, bits: number): Uint8Array {
  if (value < 0n || value >> BigInt(bits) !== 0n)
    throw new RangeError(`${value} is not an unsigned integer of ${bits} bits`);
  return hexToBytes(value.toString(16).padStart(2 * WORD, '0'));
}

function hexWord(type: string, value: string, bytes: number): Uint8Array {
  const digits = value.slice(2);
  if (!value.startsWith('0x') || digits.length !== 2 * bytes) throw new RangeError(`${value} is no ${type}`);
  return hexToBytes(digits.padStart(2 * WORD, '0'));
}
