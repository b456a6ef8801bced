/** What a dialect asks the desk for, with everything that a test does not speak of left out. */
import type { RefundRequest, SaleRequest } from '../../src/core/desk.ts';

/** 100.00 usd, told under a name of the caller's own. */
export function saleRequest(externalEventId: string, more: Partial<SaleRequest> = {}): SaleRequest {
  return {
    dialect: 'affonso',
    externalEventId,
    referralId: null,
    clickId: null,
    customerId: null,
    externalUserId: null,
    amount: 10_000n,
    currency: 'usd',
    priceIds: [],
    productIds: [],
    interval: null,
    isSubscription: false,
    commissionStatus: null,
    saleStatus: null,
    occurredAt: null,
    metadata: {},
    body: JSON.stringify({ external_event_id: externalEventId }),
    ...more,
  };
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
