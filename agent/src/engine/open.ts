import { EngineError } from './engine.ts';
import type { Engine, EngineOptions } from './engine.ts';

export async function openAnyEngine(options: EngineOptions): Promise<Engine> {
  throw new EngineError('engine_unavailable', `No container engine of kind ${options.kind} answers on this machine.`);
}
