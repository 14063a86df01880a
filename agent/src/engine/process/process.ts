import type { Engine, EngineOptions } from '../engine.ts';
import { EngineError } from '../engine-error.ts';
export async function openProcessEngine(_options: EngineOptions): Promise<Engine> {
  throw new EngineError('engine_unavailable', 'no process engine yet');
}
