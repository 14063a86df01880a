import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { problems } from '@gpucoop/protocol/problem.ts';
import { keyScopes } from '@gpucoop/protocol/resources.ts';

const page = readFileSync(new URL('../../../docs/reference/http-api.md', import.meta.url), 'utf8');

test('the page has every error as it is', () => {
  const rows = Object.entries(problems).map(
    ([code, { status, retryable, title }]) => `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${title} |`,
  );
  expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
});

test('the page names every scope', () => {
  for (const scope of keyScopes) expect(page).toContain(`\`${scope}\``);
});
