import { jsonSchema, type Shape } from './schema-keys.ts';

/** The table of docs/reference/policy.md: every key, what may stand there, and what it means. */
export function keysTable(): string {
  const rows = rowsOf(jsonSchema(), '').map(({ path, type, about }) => `| \`${path}\` | ${type} | ${escaped(about)} |`);
  return ['| key | value | meaning |', '|---|---|---|', ...rows].join('\n');
}

type KeyRow = { path: string; type: string; about: string };

/** A key with what is below it; kinds of one thing one after another. */
function rowsOf(shape: Shape, path: string): KeyRow[] {
  const own = path === '' ? [] : [{ path, type: typeOf(shape), about: shape.description ?? '' }];
  const kinds = kindsOf(shape);
  if (kinds.length > 1)
    return [
      ...own,
      ...kinds.flatMap((kind) =>
        below(kind, `${path}{${String(kind.properties?.['kind']?.const ?? kind.properties?.['currency']?.const)}}`),
      ),
    ];
  return [...own, ...below(kinds[0] ?? shape, path)];
}

function below(shape: Shape, path: string): KeyRow[] {
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const named = Object.entries(shape.properties ?? {}).flatMap(([key, one]) => rowsOf(one, at(key)));
  const any = typeof shape.additionalProperties === 'object' ? rowsOf(shape.additionalProperties, at('NAME')) : [];
  const items = shape.items?.properties === undefined ? [] : below(shape.items, `${path}[]`);
  const about =
    path.endsWith('}') && shape.description !== undefined ? [{ path, type: 'kind', about: shape.description }] : [];
  return [...about, ...named, ...any, ...items];
}

/** Null is no kind. */
function kindsOf({ anyOf, oneOf }: Shape): Shape[] {
  const kinds = (anyOf ?? oneOf ?? []).filter(({ type }) => type !== 'null');
  return kinds.length === 1 && (kinds[0]!.anyOf ?? kinds[0]!.oneOf) !== undefined ? kindsOf(kinds[0]!) : kinds;
}

function typeOf(shape: Shape): string {
  const orNull = shape.anyOf?.some(({ type }) => type === 'null') === true ? ', or null' : '';
  const [one = shape] = kindsOf(shape);
  if (kindsOf(shape).length > 1) return `one of several kinds${orNull}`;
  if (one.const !== undefined) return `\`${String(one.const)}\`${orNull}`;
  if (one.enum !== undefined) return `${one.enum.map((value) => `\`${String(value)}\``).join(', ')}${orNull}`;
  if (one.type === 'string') return one.pattern === AMOUNT ? `amount, as text${orNull}` : `text${orNull}`;
  if (one.type === 'integer') return `${rangeOf(one)}${orNull}`;
  if (one.type === 'array') return `list${orNull}`;
  if (one.type === 'object')
    return `${typeof one.additionalProperties === 'object' ? 'by name' : 'keys below'}${orNull}`;
  return `${one.type ?? ''}${orNull}`;
}

const AMOUNT = String.raw`^(?:0|[1-9]\d*)$`;

function rangeOf({ minimum, maximum }: Shape): string {
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`;
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? '' : ` ${minimum}`;
  return `whole number${least === '' && most === '' ? '' : `, from${least || ' below zero'}${most}`}`;
}

const escaped = (text: string): string => text.replaceAll('|', '\\|');
