import { CoopError } from '@gpucoop/protocol/problem.ts';

/**
 * Neither a NUL nor half of a surrogate pair can be stored or signed as text, whatever field it stands in.
 * @throws CoopError `invalid_request`, with the place: keys count as much as what they hold.
 */
export function refuseUnstorableText(target: string, value: unknown, at: string[] = []): void {
  const refuse = (text: string) => {
    if (text.isWellFormed() && !text.includes('\0')) return;
    const place = [target === 'json' ? 'body' : target, ...at].join('.');
    throw new CoopError('invalid_request', `${place}: holds a NUL or half of a character`, {
      at: place.replaceAll('\0', '').toWellFormed(),
      hint: 'Send text as valid Unicode without the character U+0000.',
    });
  };
  if (typeof value === 'string') return refuse(value);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    refuse(key);
    refuseUnstorableText(target, inner, [...at, key]);
  }
}
