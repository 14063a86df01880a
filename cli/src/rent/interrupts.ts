import { isCancel, selectKey } from '@clack/prompts';
import type { Terminal } from '../terminal.ts';

/** What Ctrl-C means while attached to a run. */
export type Interrupt = 'stop' | 'detach' | 'continue';
type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const SAME_PRESS_MS = 300; // the launcher and the terminal may both pass on the same Ctrl-C

/**
 * Calls `decided` for each interruption until `close`. On a terminal Ctrl-C asks; without one, and for SIGTERM, it stops. A
 * terminal that went away (SIGHUP) detaches: the run has a budget and an expiry of its own.
 */
export function watchInterrupts(
  terminal: Terminal,
  gate: Gate,
  decided: (what: Interrupt, signal: Signal) => void,
): { close: () => void } {
  let lastMs = Number.NEGATIVE_INFINITY;
  let asking = false;
  const onInterrupt = (): void => {
    const nowMs = terminal.nowMs();
    if (asking || nowMs - lastMs < SAME_PRESS_MS) return;
    lastMs = nowMs;
    if (!terminal.interactive) return decided('stop', 'SIGINT');
    asking = true;
    gate.close();
    void ask(terminal).then((what) => {
      asking = false;
      gate.open();
      decided(what, 'SIGINT');
    });
  };
  const onTerminate = (): void => decided('stop', 'SIGTERM');
  const onHangUp = (): void => decided('detach', 'SIGHUP');
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate).on('SIGHUP', onHangUp);
  return { close: () => void process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate).off('SIGHUP', onHangUp) };
}

async function ask(terminal: Terminal): Promise<Interrupt> {
  const answer = await selectKey<'s' | 'd' | 'c'>({
    message: 'The run goes on and is billed. What now?',
    options: [
      { value: 's', label: 'stop it' },
      { value: 'd', label: 'detach: leave it running' },
      { value: 'c', label: 'continue watching' },
    ],
    input: terminal.stdin,
    output: terminal.stderr,
    withGuide: false,
  });
  terminal.stdin.unref();
  // A second Ctrl-C is an impatient one.
  if (isCancel(answer)) return 'stop';
  return ({ s: 'stop', d: 'detach', c: 'continue' } as const)[answer];
}

/** Holds output back while a question stands on the screen. */
export type Gate = { open: () => void; close: () => void; passed: () => Promise<void> };

export function makeGate(onClose: () => void): Gate {
  let shut: Promise<void> | undefined;
  let release = (): void => {};
  return {
    close: () => {
      onClose();
      shut ??= new Promise((resolve) => (release = resolve));
    },
    open: () => {
      release();
      shut = undefined;
    },
    passed: async () => shut,
  };
}
