import { createColors } from 'picocolors';

/**
 * Colours mean something: green stands and works, yellow wants attention, red has failed, cyan is to be typed, dim is beside the
 * point. Nothing is said by colour alone.
 */
export type Look = {
  good: (text: string) => string;
  attention: (text: string) => string;
  bad: (text: string) => string;
  type: (text: string) => string;
  dim: (text: string) => string;
  bold: (text: string) => string;
};

export function makeLook(enabled: boolean): Look {
  const colours = createColors(enabled);
  return {
    good: (text) => colours.green(text),
    attention: (text) => colours.yellow(text),
    bad: (text) => colours.red(text),
    type: (text) => colours.cyan(text),
    dim: (text) => colours.dim(text),
    bold: (text) => colours.bold(text),
  };
}

/** NO_COLOR (any value but empty) and dumb terminals get none; FORCE_COLOR gets them even in a pipe. */
export function wantsColour(env: Record<string, string | undefined>, isTerminal: boolean): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '' && env['FORCE_COLOR'] !== '0') return true;
  return isTerminal && env['TERM'] !== 'dumb';
}
