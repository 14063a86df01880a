import { z } from 'zod';
import { Policy } from './policy.ts';

export type Shape = {
  type?: string;
  description?: string;
  const?: string | number;
  enum?: (string | number)[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | false;
  items?: Shape;
  anyOf?: Shape[];
  oneOf?: Shape[];
};

/** The keys that may stand at a path of a policy; of all kinds where there are several. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let shapes = [jsonSchema()];
  for (const step of path) shapes = shapes.flatMap(kinds).flatMap((shape) => below(shape, step));
  return [...new Set(shapes.flatMap(kinds).flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

/** The schema as JSON Schema of what stands in files. */
export const jsonSchema = (): Shape => z.toJSONSchema(Policy, { io: 'input' }) as Shape;

const kinds = (shape: Shape): Shape[] =>
  [shape, ...(shape.anyOf ?? []), ...(shape.oneOf ?? [])].flatMap((one) => (one === shape ? [one] : kinds(one)));

function below({ properties, additionalProperties, items }: Shape, step: PropertyKey): Shape[] {
  const named = properties?.[String(step)];
  const any = typeof additionalProperties === 'object' ? additionalProperties : items;
  return [named, any].filter((shape) => shape !== undefined);
}
