import { expect, test } from 'vitest';
import { makeLook } from './colours.ts';
import { renderFields, renderTable } from './table.ts';
import type { Column } from './table.ts';
import { plain, textWidth, truncate, wrap } from './text.ts';

type Row = { id: string; name: string; price: string; place: string };
const look = makeLook(false);
const columns: Column<Row>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, shrinkTo: 6 },
  { title: 'PRICE', value: ({ price }) => price, align: 'right' },
  { title: 'PLACE', value: ({ place }) => place, dispensable: 1 },
];
const rows: Row[] = [
  { id: 'a1', name: 'a rather long name', price: '$0.40', place: 'se' },
  { id: 'b22', name: '日本', price: '$12.00', place: 'de' },
];

test('columns are aligned, also beside wide characters', () => {
  expect(renderTable(columns, rows, Number.POSITIVE_INFINITY, look)).toMatchInlineSnapshot(`
    "ID   NAME                 PRICE  PLACE
    a1   a rather long name   $0.40  se
    b22  日本                $12.00  de"
  `);
});

test('a column that wraps goes on in the line below', () => {
  const wrapping = columns.map((column) => (column.title === 'NAME' ? { ...column, wraps: true } : column));
  expect(renderTable(wrapping, rows, 30, look)).toMatchInlineSnapshot(`
    "ID   NAME         PRICE  PLACE
    a1   a rather     $0.40  se
         long name
    b22  日本        $12.00  de"
  `);
});

test('on a narrow terminal long texts are cut first, then columns that can be spared are left out', () => {
  expect(renderTable(columns, rows, 30, look)).toMatchInlineSnapshot(`
    "ID   NAME         PRICE  PLACE
    a1   a rather…    $0.40  se
    b22  日本        $12.00  de"
  `);
  expect(renderTable(columns, rows, 22, look)).toMatchInlineSnapshot(`
    "ID   NAME        PRICE
    a1   a rather…   $0.40
    b22  日本       $12.00"
  `);
});

test('no line is wider than the terminal while anything can give way', () => {
  for (let width = 20; width < 60; width += 1) {
    for (const line of renderTable(columns, rows, width, look).split('\n'))
      expect(textWidth(line)).toBeLessThanOrEqual(width);
  }
});

test('text of others cannot move the cursor, recolour or turn the line', () => {
  expect(plain('eu\u001B[2J\u001B]0;title\u0007\r\nfake \u202Eline')).toBe('eu fake  line');
  const hostile = [{ ...rows[0]!, name: 'x\u001B[31m\n$0.00' }];
  expect(renderTable(columns, hostile, 80, look).split('\n')).toHaveLength(2);
});

test('colours do not count as width', () => {
  const coloured = makeLook(true);
  const styled: Column<Row>[] = [{ title: 'N', value: ({ id }) => id, style: coloured.good }, columns[2]!];
  const lines = renderTable(styled, rows, 80, coloured).split('\n');
  expect(lines.map(textWidth)).toEqual([11, 11, 11]);
  expect(lines[1]).toContain('\u001B[32ma1\u001B[39m');
});

test('fields share the width of the longest label', () => {
  expect(
    renderFields(
      [
        ['network', 'x'],
        ['', 'y'],
      ],
      look,
      80,
    ),
  ).toBe('network  x\n         y');
});

test('a field that is wider than the terminal goes on below, under its own beginning', () => {
  const fields = [['held', '$0.00  for the running hour'] as const, ['spent', '$1.00  in all'] as const];
  expect(renderFields(fields, look, 28)).toBe('held   $0.00  for the\n       running hour\nspent  $1.00  in all');
});

test('truncating and wrapping keep whole characters and words', () => {
  expect(truncate('日本語', 5)).toBe('日本…');
  expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
  expect(wrap('immeasurable', 4)).toEqual(['immeasurable']);
  expect(wrap('burn 20 % of it', 7)).toEqual(['burn', '20 % of', 'it']);
  expect(wrap('0.00138 %', 7)).toEqual(['0.00138', '%']);
});
