/**
 * The framing of exec, the same on the WebSocket between client and server and on the HTTP/2 stream between server and agent:
 * one byte of channel, four bytes of length (big-endian), then the payload. On a WebSocket one message may hold any part of it.
 */
export const channels = { stdin: 0, stdout: 1, stderr: 2, resize: 3, exit: 4, stdinEnd: 5, error: 6 } as const;
export type Channel = keyof typeof channels;

export type Frame = { channel: Channel; payload: Uint8Array };

const HEADER_BYTES = 5;
export const FRAME_PAYLOAD_MAX = 1024 * 1024;
const names = Object.keys(channels) as Channel[];

export function encodeFrame(channel: Channel, payload: Uint8Array = new Uint8Array()): Uint8Array {
  if (payload.length > FRAME_PAYLOAD_MAX) throw new RangeError(`a frame holds at most ${FRAME_PAYLOAD_MAX} bytes`);
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes[0] = channels[channel];
  new DataView(bytes.buffer).setUint32(1, payload.length);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Payload of `resize` and `exit` is JSON: {columns, rows} and {code}; of `error`, a Problem. */
export function encodeJsonFrame(channel: 'resize' | 'exit' | 'error', value: unknown): Uint8Array {
  return encodeFrame(channel, new TextEncoder().encode(JSON.stringify(value)));
}

/** Feeds on chunks as they arrive and gives whole frames. Throws on an unknown channel or an oversized frame. */
export function frameReader(): (chunk: Uint8Array) => Frame[] {
  let pending: Uint8Array = new Uint8Array();
  return (chunk) => {
    pending = pending.length === 0 ? chunk : concat(pending, chunk);
    const frames: Frame[] = [];
    while (pending.length >= HEADER_BYTES) {
      const length = new DataView(pending.buffer, pending.byteOffset).getUint32(1);
      const channel = names[pending[0]!];
      if (channel === undefined) throw new RangeError(`unknown channel ${pending[0]}`);
      if (length > FRAME_PAYLOAD_MAX) throw new RangeError(`a frame of ${length} bytes is too large`);
      if (pending.length < HEADER_BYTES + length) break;
      frames.push({ channel, payload: pending.subarray(HEADER_BYTES, HEADER_BYTES + length) });
      pending = pending.subarray(HEADER_BYTES + length);
    }
    return frames;
  };
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
