/**
 * The payload families of Stripe (reference/stripe.md section 0):
 * - `old`: rendered before 2025-03-31 (`invoice.charge`, `line.price`, `charge.invoice`, …);
 * - `basil`: 2025-03-31 and later (`parent`, `line.pricing`, `total_taxes`, no `charge.invoice`);
 * - `acacia`: an old version as Stripe renders it today: the removals have not happened, but the
 *   additions have, so both field sets stand side by side (stripe.md 0.1).
 */
export type Family = 'old' | 'acacia' | 'basil';

/** The API version that events of a family carry unless told otherwise. */
export function apiVersionOf(family: Family): string {
  return { old: '2024-06-20', acacia: '2025-02-24.acacia', basil: '2026-10-28.endive' }[family];
}

/** Whether the fields that basil removed are present. */
export function hasRemovedFields(family: Family): boolean {
  return family !== 'basil';
}

/** Whether the fields that basil added are present. */
export function hasAddedFields(family: Family): boolean {
  return family !== 'old';
}
