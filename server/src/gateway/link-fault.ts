/** The agent broke the rules of the link; thrown while reading its events. */
export class LinkFault extends Error {
  readonly code: 'flood' | 'invalid' | 'silent';

  constructor(code: 'flood' | 'invalid' | 'silent', message: string) {
    super(message);
    this.code = code;
  }
}
