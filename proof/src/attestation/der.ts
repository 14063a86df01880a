/** One element of DER (ITU-T X.690) with a short tag: what is needed to read certificates and answers about them, and no more. */
export type Element = { tag: number; body: Uint8Array; /** With tag and length. */ whole: Uint8Array };

export class NotDer extends Error {}

/** Undefined where what is read is not as it has to be. */
export function readDer<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotDer) return undefined;
    throw error;
  }
}

/** The elements that `bytes` holds one after the other, to the last byte; throws `NotDer`. */
export function elementsIn(bytes: Uint8Array): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const { start, size } = lengthAt(bytes, at + 1);
    const end = start + size;
    if ((bytes[at]! & 0x1f) === 0x1f || end > bytes.length) throw new NotDer();
    elements.push({ tag: bytes[at]!, body: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return elements;
}

/** The elements within one that must have this tag; throws `NotDer`. */
export function within(element: Element | undefined, tag: number): Element[] {
  return elementsIn(bodyOf(element, tag));
}

export function bodyOf(element: Element | undefined, tag: number): Uint8Array {
  if (element?.tag !== tag) throw new NotDer();
  return element.body;
}

export const tags = {
  integer: 0x02,
  bits: 0x03,
  bytes: 0x04,
  identifier: 0x06,
  enumerated: 0x0a,
  time: 0x18,
  sequence: 0x30,
  /** [n], explicit or of what has parts. */
  part: (n: number): number => 0xa0 + n,
} as const;

/** Two bytes of length are enough for all that is read here; a length that is not the shortest is no DER. */
function lengthAt(bytes: Uint8Array, at: number): { start: number; size: number } {
  const first = bytes[at];
  if (first === undefined) throw new NotDer();
  if (first < 0x80) return { start: at + 1, size: first };
  const [high, low] = [bytes[at + 1], bytes[at + 2]];
  if (first === 0x81 && high !== undefined && high >= 0x80) return { start: at + 2, size: high };
  if (first === 0x82 && high !== undefined && low !== undefined && high > 0) {
    return { start: at + 3, size: 256 * high + low };
  }
  throw new NotDer();
}
