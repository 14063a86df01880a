import type { WriteStream } from 'node:tty';

/** What is being done, on the terminal a line that changes, elsewhere a line for each new step. */
export type Progress = { say: (step: string, detail?: string) => void; clear: () => void };

export function openProgress(stream: WriteStream): Progress {
  let last = '';
  if (stream.isTTY !== true) {
    const say = (step: string): void => {
      if (step !== last) stream.write(`${step}\n`);
      last = step;
    };
    return { say, clear: () => undefined };
  }
  return {
    say: (step, detail) => stream.write(`\r\u001B[2K${detail === undefined ? step : `${step}  ${detail}`}`),
    clear: () => stream.write('\r\u001B[2K'),
  };
}

/** Of one device among several. */
export function named(name: string, { say, clear }: Progress): Progress {
  return { say: (step, detail) => say(`${name}  ${step}`, detail), clear };
}
