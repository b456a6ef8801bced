import type { Metadata, StripeObject } from '../json.ts';

/** A customer. `balance` in minor units, negative is credit; `created` in unix seconds. */
export interface CustomerSpec {
  id: string;
  created: number;
  email?: string | null | undefined;
  name?: string | null | undefined;
  metadata?: Metadata | undefined;
  balance?: number | undefined;
  currency?: string | null | undefined;
  livemode?: boolean | undefined;
}

/** A Customer; the same shape in all families. */
export function customerObject(spec: CustomerSpec): StripeObject {
  return {
    id: spec.id,
    object: 'customer',
    address: null,
    balance: spec.balance ?? 0,
    created: spec.created,
    currency: spec.currency ?? null,
    default_source: null,
    delinquent: false,
    description: null,
    email: spec.email ?? null,
    invoice_prefix: spec.id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: spec.livemode ?? true,
    metadata: spec.metadata ?? {},
    name: spec.name ?? null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}
