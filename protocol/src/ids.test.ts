import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeBase32, idPrefixes, isId, makeId, type IdKind } from './ids.ts';

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
const kind = fc.constantFrom(...(Object.keys(idPrefixes) as IdKind[]));

test('an id is known as one of its kind, and of no other', () => {
  fc.assert(
    fc.property(kind, kind, sixteen, (one, other, bytes) => {
      const id = makeId(one, bytes);
      expect(isId(one, id)).toBe(true);
      expect(isId(other, id)).toBe(one === other);
    }),
  );
});

test.each(['', 'run_', `run_${'0'.repeat(25)}`, `run_${'0'.repeat(27)}`, ` run_${'0'.repeat(26)}`])(
  '%o is no id of a run',
  (text) => {
    expect(isId('run', text)).toBe(false);
  },
);

test.each(['i', 'l', 'o', 'u', 'A', '-'])('%s is no digit of an id', (digit) => {
  expect(isId('run', `run_${digit}${'0'.repeat(25)}`)).toBe(false);
});

test('its digits are those of the bytes as one number, zeros added below', () => {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz';
  expect(encodeBase32(new Uint8Array())).toBe('');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
      const length = Math.ceil((bytes.length * 8) / 5);
      let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`) << BigInt(length * 5 - bytes.length * 8);
      let text = '';
      for (let n = 0; n < length; n += 1, value >>= 5n) text = digits[Number(value & 31n)]! + text;
      expect(encodeBase32(bytes)).toBe(text);
    }),
  );
});
