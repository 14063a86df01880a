/** Columns of the first row, words left and numbers right, in Markdown so that a page can take it over as it is. */
export function table(rows: readonly Record<string, string>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) => Math.max(3, column.length, ...rows.map((row) => (row[column] ?? '').length)));
  const isNumber = columns.map((column) => rows.every((row) => /^[\d.,<-]+( ?%| MB| s| ms)?$/.test(row[column] ?? '')));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, n) => (isNumber[n] ? cell.padStart(widths[n]!) : cell.padEnd(widths[n]!))).join(' | ')} |`;
  const rule = widths.map((width, n) => (isNumber[n] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(columns), line(rule), ...rows.map((row) => line(columns.map((column) => row[column] ?? '')))].join('\n');
}
