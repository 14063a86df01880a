/** A change at one place of a source; `before` and `after` are the lines it touches. A source of its own where it cannot be a switch. */
export type Mutant = { id: number; line: number; before: string; after: string; source?: string };

/** A node of the compiler's syntax tree. What else stands in it depends on `nodeType`. */
type Node = { nodeType: string; src: string; typeDescriptions?: { typeString?: string } } & Record<string, unknown>;
/** In bytes, as the compiler counts. */
type Place = [start: number, end: number];

/** Stands in the code until a mutant is chosen: where it is replaced by the mutant's number, that mutant acts. */
export const SWITCH = 'c00fc00fc00fc00fc00fc00fc00fc00fc00fc00fc00fc00fc00fc00fc00fc00f';

const SEMICOLON = ';'.charCodeAt(0);
const NOTHING = Buffer.alloc(0);

const operators: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '*': '/',
  '<<': '>>',
  '>>': '<<',
  '&': '|',
  '|': '&',
};

/**
 * Everything that could be wrong at one place: a bound off by one, an operator, a rounding, a condition that is always or never met, a
 * statement or a guard forgotten, two values of one type exchanged. `==` is not turned to `!=`: no test that sees the condition always
 * and never met would miss that. Nor is what only fills an error's message.
 *
 * The source that is returned holds all of them, each behind a switch, so that it is compiled once.
 */
export function mutate(source: Buffer, tree: unknown): { mutants: Mutant[]; switched: string } {
  const mutants: Mutant[] = [];
  const alternatives = new Map<Node, { id: number; text: string }[]>();
  const raw = (node: Node): string => source.subarray(...placeOf(node, source)).toString();

  const switched = render(tree as Node).replace(/^pragma .*$/m, `$&\nuint256 constant MUTANT = 0x${SWITCH};`);
  return { mutants, switched };

  /** The node with its mutants, and those of everything in it, behind switches. */
  function render(node: Node): string {
    const fixed = prepare(node);
    const [start, end] = placeOf(node, source);
    let text = '';
    let at = start;
    for (const part of partsOf(node)) {
      const [from, to] = placeOf(part, source);
      text += source.subarray(at, from).toString() + (fixed.includes(part) ? raw(part) : render(part));
      at = to;
    }
    text += source.subarray(at, end).toString();
    if (isStatement(node)) return `{ if (MUTANT != ${add([start, end], '{}')}) ${text} }`;
    const others = alternatives.get(node)?.map((other) => `MUTANT == ${other.id} ? (${other.text}) : `) ?? [];
    return others.length === 0 ? text : `(${others.join('')}(${text}))`;
  }

  function add([start, end]: Place, to: string, isAlone = false): number {
    const changed = Buffer.concat([source.subarray(0, start), Buffer.from(to), source.subarray(end)]);
    const [from, until] = [source.lastIndexOf('\n', start - 1) + 1, source.indexOf('\n', end)];
    const id = mutants.length + 1;
    mutants.push({
      id,
      line: source.subarray(0, start).toString().split('\n').length,
      before: onOneLine(source.subarray(from, until)),
      after: onOneLine(changed.subarray(from, until + changed.length - source.length)),
      ...(isAlone ? { source: changed.toString() } : {}),
    });
    return id;
  }

  /** Writes down what this node, and the parts of it, could be instead. Returns the parts that stay as they are. */
  function prepare(node: Node): unknown[] {
    switch (node.nodeType) {
      case 'BinaryOperation': {
        const [left, right] = [node.leftExpression as Node, node.rightExpression as Node];
        const operator = String(node.operator);
        const [a, b, to] = [raw(left), raw(right), operators[operator]];
        if (typeOf(node).startsWith('int_const')) return [];
        if (to !== undefined) instead(node, `${a} ${to} ${b}`);
        if (operator === '/') instead(node, `((${a}) + (${b}) - 1) / (${b})`);
        if (operator === '&&' || operator === '||') for (const side of [a, b]) instead(node, side);
        return [];
      }
      case 'UnaryOperation':
        if (node.operator === '!') instead(node, raw(node.subExpression as Node));
        return [];
      case 'IfStatement':
      case 'Conditional':
        for (const always of ['true', 'false']) instead(node.condition as Node, always);
        return [];
      case 'ForStatement':
        return [node.initializationExpression, node.loopExpression];
      case 'ModifierInvocation':
        if (node.kind === 'modifierInvocation') add(placeOf(node, source), '', true);
        return [node];
      case 'Assignment':
        exchange((node.rightHandSide as Node).components);
        return [];
      case 'Return':
        exchange((node.expression as Node | null)?.components);
        return [];
      case 'VariableDeclaration': {
        const value = node.value as Node | null;
        if (node.constant === true && value !== null && typeOf(value).startsWith('int_const'))
          instead(value, `${raw(value)} + 1`);
        return [];
      }
      case 'FunctionCall': {
        const [called, parts] = [node.expression as Node, node.arguments as Node[]];
        if (called.name === 'require') return parts.slice(1);
        const extreme = { 'Math.min': 'Math.max', 'Math.max': 'Math.min' }[raw(called)];
        if (extreme === undefined) exchange(parts);
        else instead(node, raw(node).replace(raw(called), extreme));
        return [];
      }
      default:
        return [];
    }
  }

  function instead(node: Node, text: string): void {
    if (text === raw(node)) return;
    put(node, { id: add(placeOf(node, source), text), text });
  }

  /** Neighbours of the same type, the one for the other. */
  function exchange(values: unknown): void {
    const nodes = (Array.isArray(values) ? values : []).filter(isNode);
    for (const [n, right] of nodes.entries()) {
      const left = nodes[n - 1];
      if (left === undefined || typeOf(left) !== typeOf(right) || raw(left) === raw(right)) continue;
      const [[start, leftEnd], [rightStart, end]] = [placeOf(left, source), placeOf(right, source)];
      const id = add([start, end], raw(right) + source.subarray(leftEnd, rightStart).toString() + raw(left));
      put(left, { id, text: raw(right) });
      put(right, { id, text: raw(left) });
    }
  }

  function put(node: Node, alternative: { id: number; text: string }): void {
    alternatives.set(node, [...(alternatives.get(node) ?? []), alternative]);
  }
}

/** A statement that could be forgotten. A reference into storage that is never set does not compile. */
function isStatement(node: Node): boolean {
  if (node.nodeType === 'EmitStatement') return true;
  return node.nodeType === 'ExpressionStatement' && !typeOf(node.expression as Node).includes('storage pointer');
}

function partsOf(node: Node): Node[] {
  if (node.nodeType === 'InlineAssembly') return [];
  // Documentation stands before what it documents, not in it.
  const parts = Object.values(node)
    .flat()
    .filter((part) => isNode(part) && part.nodeType !== 'StructuredDocumentation') as Node[];
  return parts.toSorted(
    (a, b) => placeOf(a, NOTHING)[0] - placeOf(b, NOTHING)[0] || placeOf(a, NOTHING)[1] - placeOf(b, NOTHING)[1],
  );
}

/** With the semicolon of a statement, which the compiler leaves out. */
function placeOf(node: Node, source: Buffer): Place {
  const [start = 0, length = 0] = node.src.split(':').map(Number);
  const end = start + length;
  const endsInStatement = isStatement(node) || node.nodeType === 'IfStatement' || node.nodeType === 'ForStatement';
  return [start, endsInStatement && source[end] === SEMICOLON ? end + 1 : end];
}

function typeOf(node: Node): string {
  return node.typeDescriptions?.typeString ?? '';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'nodeType' in value;
}

function onOneLine(text: Buffer): string {
  return text.toString().trim().replaceAll(/\s+/g, ' ');
}
