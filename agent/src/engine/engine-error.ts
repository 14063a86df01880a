import type { EndReason } from '@gpucoop/protocol/reasons.ts';

/** What went wrong, as the end reason that the lease will carry; the message is the detail for a person. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly reason: EndReason;

  constructor(reason: EndReason, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.reason = reason;
  }
}
