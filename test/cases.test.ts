/** Every row of the case catalogue has a test, and `docs/cases.md` says which. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { caseTable, missingRows, shownRows, TABLE } from './support/case-table.ts';

/** Rows whose tests are still to be written; a row that has one must not stand here. */
const STILL_MISSING: readonly number[] = [46, 47, 61, 62, 64, 69, 74, 76, 79, 92, 101, 102, 113];

const shown = shownRows();

test('every row of the catalogue is shown by a test, but for those that are known to be missing', () => {
  expect(missingRows(shown)).toEqual(STILL_MISSING);
});

test('no test has a number that the catalogue does not know', () => {
  expect(shown.filter(({ row }) => row < 1 || row > 120)).toEqual([]);
});

test('docs/cases.md is what `npm run docs:cases` writes', () => {
  expect(readFileSync(TABLE, 'utf8')).toBe(caseTable(shown));
});
