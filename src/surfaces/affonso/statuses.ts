/** The words in which this dialect says how commissions and sales stand (apis.md 2.2). */
import type { CommissionStatus } from '../../core/ledger.ts';

/** The document's words are ours; a caller's own word on the commission is kept as its first ruling. */
export const COMMISSION_STATUSES = [
  'pending',
  'pending_manual_approval',
  'ready_for_payment',
  'processing_payout',
  'paid',
  'declined',
  'refunded',
  'dispute',
] as const satisfies readonly CommissionStatus[];

export const SALES_STATUSES = ['open', 'complete', 'trialing', 'failed', 'refunded', 'partial_refunded'] as const;
