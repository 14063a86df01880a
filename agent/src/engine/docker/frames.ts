/** The engine's framing of output without a terminal: one byte of stream, three of nothing, four of length, the payload. */
export type OutputFrame = { stream: 'stdout' | 'stderr'; payload: Buffer };

const HEADER_BYTES = 8;

export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<OutputFrame> {
  let parts: Buffer[] = [];
  let held = 0;
  let wanted = HEADER_BYTES;
  for await (const chunk of source) {
    parts.push(chunk);
    held += chunk.length;
    // Joined only when a whole frame is there: a long one would otherwise be copied once per chunk.
    if (held < wanted) continue;
    let buffer = parts.length === 1 ? chunk : Buffer.concat(parts);
    for (;;) {
      wanted = buffer.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + buffer.readUInt32BE(4);
      if (buffer.length < wanted) break;
      yield { stream: buffer[0] === 2 ? 'stderr' : 'stdout', payload: buffer.subarray(HEADER_BYTES, wanted) };
      buffer = buffer.subarray(wanted);
    }
    parts = [buffer];
    held = buffer.length;
  }
}
