/** What a dialect asks the desk for, with everything that a test does not speak of left out. */
import type { RefundRequest, SaleRequest } from '../../src/core/desk.ts';
import { newSale } from '../../src/core/sale-request.ts';

/** 100.00 usd, told under a name of the caller's own. */
export function saleRequest(externalEventId: string, more: Partial<SaleRequest> = {}): SaleRequest {
  const body = JSON.stringify({ external_event_id: externalEventId });
  return newSale({ dialect: 'affonso', externalEventId, amount: 10_000n, currency: 'usd', body, ...more });
}

/** Of everything that is left. */
export function refundRequest(conversionId: string, more: Partial<RefundRequest> = {}): RefundRequest {
  return {
    dialect: 'affonso',
    conversionId,
    amount: null,
    currency: null,
    reason: null,
    externalEventId: null,
    refundedAt: null,
    body: '{}',
    ...more,
  };
}
