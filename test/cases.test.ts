/** Every row of the case catalogue has a test, and `docs/cases.md` says which. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { caseTable, missingRows, shownRows, TABLE } from './support/case-table.ts';

const shown = shownRows();

test('every row of the catalogue is shown by a test', () => {
  expect(missingRows(shown)).toEqual([]);
});

test('no test has a number that the catalogue does not know', () => {
  expect(shown.filter(({ row }) => row < 1 || row > 120)).toEqual([]);
});

test('docs/cases.md is what `npm run docs:cases` writes', () => {
  expect(readFileSync(TABLE, 'utf8')).toBe(caseTable(shown));
});
