/** Splits a line into words as a shell does: quotes and backslashes, nothing else. Undefined when a quote has no end. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let position = 0; position < line.length; position++) {
    const char = line[position]!;
    if (quote === "'" ? char !== "'" : char === '\\') {
      const taken = quote === "'" ? char : line[++position];
      if (taken === undefined) return undefined;
      word = (word ?? '') + taken;
    } else if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}

/**
 * Commands of a spec as one shell line, each run only when the one before it succeeded, as dstack does. `&&` rather than `set -e`:
 * `set -e` would also change how a command of several lines behaves inside (it is off in conditions and on after them, which
 * surprises), and `a &&` says in `ps` and in the spec exactly what will run. A command that holds separators of its own is put in
 * braces, on lines of its own, so that a comment, a here-document or a trailing `&` ends where the command ends.
 */
export function joinCommands(commands: readonly string[]): string {
  if (commands.length === 1) return commands[0]!;
  return commands
    .map((command) => (/[\n#;]|\|\||(?<!&)&(?!&)/.test(command) ? `{ ${command}\n}` : command))
    .join(' && ');
}
