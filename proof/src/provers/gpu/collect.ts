import type { Gpu } from './gpu.ts';
import { UNIT } from './gpu.ts';

/** A piece of a memory, from and length in units. */
export type Piece<Memory> = { source: Memory; from: number; units: number };

/** Where gathered pieces and the lists of them stand; larger answers come in several turns. */
export type Board<Memory> = { out: Memory; list: Memory };

const OUT_UNITS = 2 ** 18;
const PIECES = 2 ** 15;
const PIECE_BYTES = 16;
export const boardBytes = OUT_UNITS * UNIT + PIECES * PIECE_BYTES;

export function openBoard<Memory>(gpu: Gpu<Memory>): Board<Memory> {
  return { out: gpu.allocate(OUT_UNITS * UNIT), list: gpu.allocate(PIECES * PIECE_BYTES) };
}

/** The pieces one after the other. What they are made of was queued on the lane of products, or has been waited for. */
export async function collect<Memory>(
  gpu: Gpu<Memory>,
  board: Board<Memory>,
  pieces: readonly Piece<Memory>[],
): Promise<Uint8Array> {
  const all = new Uint8Array(UNIT * pieces.reduce((sum, { units }) => sum + units, 0));
  let at = 0;
  for (const turn of turns(pieces)) {
    const bytes = await collectTurn(gpu, board, turn);
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}

async function collectTurn<Memory>(
  gpu: Gpu<Memory>,
  board: Board<Memory>,
  pieces: readonly Piece<Memory>[],
): Promise<Uint8Array> {
  let units = 0;
  const placed = pieces.map((piece) => ({ ...piece, to: (units += piece.units) - piece.units }));
  const bySource = [...Map.groupBy(placed, ({ source }) => source)];
  const list = bySource.flatMap(([, own]) => own.flatMap(({ from, to, units: length }) => [from, to, length, 0]));
  gpu.upload(board.list, new Uint8Array(Uint32Array.from(list).buffer));
  let first = 0;
  for (const [source, own] of bySource) {
    const memories = [source, board.list, board.out].map((memory) => ({ memory, at: 0 }));
    gpu.run('products', { kernel: 'gather', memories, numbers: [first, own.length], items: own.length });
    first += own.length;
  }
  await gpu.reached(gpu.mark('products'));
  return gpu.read(board.out, 0, units * UNIT);
}

function* turns<Memory>(pieces: readonly Piece<Memory>[]): Generator<Piece<Memory>[]> {
  let turn: Piece<Memory>[] = [];
  let units = 0;
  for (const piece of pieces) {
    if (units + piece.units > OUT_UNITS || turn.length === PIECES) {
      yield turn;
      [turn, units] = [[], 0];
    }
    turn.push(piece);
    units += piece.units;
  }
  if (turn.length > 0) yield turn;
}
