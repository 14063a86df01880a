import { stripVTControlCharacters } from 'node:util';

/** Widths of text on a terminal, and text of others made harmless. */

/**
 * Text that somebody else wrote (a machine's region, a run's name, an event) without the control characters that could move the
 * cursor, recolour the screen or fake a line. Workload logs are not passed through this: there the renter's own command speaks.
 */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(HARMFUL, ' ');
}

// Control characters (Cc) and those that turn the direction of writing.
const HARMFUL = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns that text takes, without its colours. */
export function textWidth(text: string): number {
  const bare = stripVTControlCharacters(text);
  if (/^[\u0020-\u007e]*$/.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of segmenter.segment(bare)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Cut to `width` columns with an ellipsis; the text must have no colours. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const size = WIDE.test(segment) ? 2 : 1;
    if (used + size > width - 1) break;
    kept += segment;
    used += size;
  }
  return `${kept.trimEnd()}…`;
}

/** Breaks text at spaces so that no line is wider than `width`; a longer word stands alone. A number keeps its `%` where both fit. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [, gap, word] of wordsOf(text, width)) {
    if (line !== '' && textWidth(line) + gap!.length + textWidth(word!) > width) {
      lines.push(line);
      line = word!;
    } else line += line === '' ? word : `${gap}${word}`;
  }
  return [...lines, line];
}

/** Each word with the spaces before it. */
function wordsOf(text: string, width: number): RegExpMatchArray[] {
  const kept = [...text.matchAll(/( *)([^ ]+(?: %)?)/g)];
  return kept.some(([, , word]) => textWidth(word!) > width) ? [...text.matchAll(/( *)([^ ]+)/g)] : kept;
}
