/**
 * As much of a WebAssembly assembler as our kernels need: they are written as expressions and become a module when they are loaded, so
 * that neither we nor a provider needs a toolchain, and the side n can stand in the code as a constant.
 * https://webassembly.github.io/spec/core/binary/
 */
export type Code = readonly (number | Code)[];
export type ValueType = 'i32' | 'v128';
export type Local = { readonly index: number };

/** What a function's body is written with: its parameters (all i32) and as many locals as it asks for. */
export type Body = { params: readonly Local[]; local: (type: ValueType) => Local };
export type WasmFunction = { name: string; params: number; returns?: boolean; body: (body: Body) => Code };

/** A module that imports its memory as `env.memory`. A shared memory must be imported as shared, with the same largest size. */
export function assemble(functions: readonly WasmFunction[], sharedPagesMax?: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ params, returns }) => [
    0x60,
    vector(Array.from({ length: params }, () => I32)),
    vector(returns === true ? [I32] : []),
  ]);
  const limits = sharedPagesMax === undefined ? [0x00, 1] : [0x03, 1, unsigned(sharedPagesMax)];
  const memory = [text('env'), text('memory'), 0x02, limits];
  const exported = functions.map(({ name }, n) => [text(name), 0x00, unsigned(n)]);
  const bytes = flat([
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, vector(types)),
    section(2, vector([memory])),
    section(3, vector(functions.map((_, n) => unsigned(n)))),
    section(7, vector(exported)),
    section(10, vector(functions.map(functionCode))),
  ]);
  return Uint8Array.from(bytes);
}

const I32 = 0x7f;
const V128 = 0x7b;

function functionCode({ params, body }: WasmFunction): Code {
  const locals: number[] = [];
  const code = body({
    params: Array.from({ length: params }, (_, index) => ({ index })),
    local: (type) => ({ index: params + locals.push(type === 'i32' ? I32 : V128) - 1 }),
  });
  const bytes = flat([vector(locals.map((type) => [1, type])), code, 0x0b]);
  return [unsigned(bytes.length), bytes];
}

function section(id: number, content: Code): Code {
  const bytes = flat(content);
  return [id, unsigned(bytes.length), bytes];
}

const vector = (items: readonly (number | Code)[]): Code => [unsigned(items.length), items];
const text = (value: string): Code => vector([...new TextEncoder().encode(value)]);

function flat(code: Code, into: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') into.push(part);
    else flat(part, into);
  }
  return into;
}

function unsigned(value: number): Code {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return [...bytes, left];
}

function signed(value: number): Code {
  const bytes: number[] = [];
  for (let left = value | 0; ; left >>= 7) {
    const low = left & 0x7f;
    if (left >= -64 && left <= 63) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export const get = (local: Local): Code => [0x20, unsigned(local.index)];
/** Takes the value that an operation left on the stack. */
export const pop = (local: Local): Code => [0x21, unsigned(local.index)];
export const set = (local: Local, value: Code): Code => [value, 0x21, unsigned(local.index)];
export const tee = (local: Local, value: Code): Code => [value, 0x22, unsigned(local.index)];
/** Repeats the body until `condition` is zero; the body runs at least once. */
export const doWhile = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b];

const binary =
  (opcode: Code) =>
  (a: Code, b: Code): Code => [a, b, opcode];
const simd = (opcode: number): Code => [0xfd, unsigned(opcode)];
/** Alignment hints are left at one byte: they change nothing on the processors of today. */
const at = (offset: number): Code => [0, unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  add: binary([0x6a]),
  sub: binary([0x6b]),
  mul: binary([0x6c]),
  and: binary([0x71]),
  shl: binary([0x74]),
  shrU: binary([0x76]),
  ltU: binary([0x49]),
  load: (address: Code, offset = 0): Code => [address, 0x28, at(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, at(offset)],
};

export const v128 = {
  load: (address: Code, offset = 0): Code => [address, simd(0x00), at(offset)],
  /** Eight bytes become eight signed 16-bit lanes. */
  load8x8s: (address: Code, offset = 0): Code => [address, simd(0x01), at(offset)],
  load32Splat: (address: Code, offset = 0): Code => [address, simd(0x09), at(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(0x0b), at(offset)],
  const: (lanes: readonly [number, number, number, number]): Code => [
    simd(0x0c),
    lanes.flatMap((lane) => [lane & 0xff, (lane >>> 8) & 0xff, (lane >>> 16) & 0xff, lane >>> 24]),
  ],
  /** Sixteen bytes picked from the thirty-two of a and b. */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [a, b, simd(0x0d), lanes],
  and: binary(simd(0x4e)),
  or: binary(simd(0x50)),
  xor: binary(simd(0x51)),
  /** Bits of a where the mask is 1, of b elsewhere. */
  bitselect: (a: Code, b: Code, mask: Code): Code => [a, b, mask, simd(0x52)],
};

export const i32x4 = {
  splat: (value: Code): Code => [value, simd(0x11)],
  extract: (value: Code, lane: number): Code => [value, simd(0x1b), lane],
  shl: (value: Code, bits: number): Code => [value, i32.const(bits), simd(0xab)],
  shrU: (value: Code, bits: number): Code => [value, i32.const(bits), simd(0xad)],
  add: binary(simd(0xae)),
  mul: binary(simd(0xb5)),
  /** Four sums of two products each of signed 16-bit lanes. */
  dotI16x8: binary(simd(0xba)),
};
