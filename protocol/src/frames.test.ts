import fc from 'fast-check';
import { expect, test } from 'vitest';
import { channels, encodeFrame, encodeJsonFrame, FRAME_PAYLOAD_MAX, frameReader, type Channel } from './frames.ts';

const frames = fc.array(
  fc.record({ channel: fc.constantFrom(...(Object.keys(channels) as Channel[])), payload: fc.uint8Array() }),
  { maxLength: 8 },
);

test('however the bytes are cut, the same frames come out of them', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 0, max: 12 })), (all, cuts) => {
      const bytes = Buffer.concat(all.map(({ channel, payload }) => encodeFrame(channel, payload)));
      const read = frameReader();
      const found = [];
      let at = 0;
      for (const length of [...cuts, bytes.length]) found.push(...read(bytes.subarray(at, (at += length))));
      expect(found.map(({ channel, payload }) => ({ channel, payload: [...payload] }))).toEqual(
        all.map(({ channel, payload }) => ({ channel, payload: [...payload] })),
      );
    }),
  );
});

test('a frame is its channel, its length and its payload', () => {
  expect([...encodeFrame('stderr', new Uint8Array([7, 8]))]).toEqual([2, 0, 0, 0, 2, 7, 8]);
  expect([...encodeFrame('stdinEnd')]).toEqual([5, 0, 0, 0, 0]);
  const [exit] = frameReader()(encodeJsonFrame('exit', { code: 3 }));
  expect([exit?.channel, new TextDecoder().decode(exit?.payload)]).toEqual(['exit', '{"code":3}']);
});

test('a channel that there is not, and a frame too large, are refused by their head alone', () => {
  const head = (channel: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(5);
    bytes[0] = channel;
    new DataView(bytes.buffer).setUint32(1, length);
    return bytes;
  };
  expect(() => frameReader()(head(7, 0))).toThrow('unknown channel 7');
  expect(() => frameReader()(head(1, FRAME_PAYLOAD_MAX + 1))).toThrow('too large');
  expect(frameReader()(head(1, FRAME_PAYLOAD_MAX))).toEqual([]);
  expect(() => encodeFrame('stdout', new Uint8Array(FRAME_PAYLOAD_MAX + 1))).toThrow('at most');
  expect(encodeFrame('stdout', new Uint8Array(FRAME_PAYLOAD_MAX))).toHaveLength(FRAME_PAYLOAD_MAX + 5);
});
