/** How often each kind of thing occurred over all runs, so that a property that stopped trying something is seen. */
import type { Stage } from '../support/stage.ts';
import type { Delivery } from './calls.ts';

export type Counts = Readonly<Record<string, number>>;

export type Occurrences = { readonly counts: Map<string, number>; add(more: Counts): void };

export function occurrences(): Occurrences {
  const counts = new Map<string, number>();
  return {
    counts,
    add(more) {
      for (const [kind, count] of Object.entries(more)) counts.set(kind, (counts.get(kind) ?? 0) + count);
    },
  };
}

type Told = {
  readonly status?: string;
  readonly type?: string;
  readonly credit_amount?: number;
  readonly out_of_band_amount?: number | null;
  readonly paid_out_of_band?: boolean;
};

/** The kind an event is counted as; null: an everyday one. */
function kindOf({ source, type, body }: Delivery): string | null {
  if (source !== 'stripe') return `call: ${type}${rulingIn(body)}`;
  const { status, paid_out_of_band: outside } = (JSON.parse(body) as { data: { object: Told } }).data.object;
  if (type === 'charge.dispute.closed') return `dispute ${status}`;
  if (type === 'charge.dispute.created') return 'dispute opened';
  if (type.startsWith('refund.') || type === 'charge.refund.updated') return `refund ${status}`;
  if (type.startsWith('credit_note.')) return type;
  if (type.startsWith('radar.') || type.startsWith('promotion_code.created')) return type;
  if (type === 'invoice.marked_uncollectible' || type === 'invoice.voided') return type;
  if (type === 'invoice.paid') return outside === true ? 'invoice paid outside' : 'invoice paid';
  if (type === 'invoice_payment.paid' || type === 'charge.refunded' || type === 'charge.failed') return type;
  return null;
}

function rulingIn(body: string): string {
  const { kind, status } = JSON.parse(body) as { kind: string; status?: string };
  return kind === 'ruling' ? ` ${status}` : '';
}

export function heardIn(deliveries: readonly Delivery[]): Counts {
  const counts: Record<string, number> = {};
  for (const delivery of deliveries) {
    const kind = kindOf(delivery);
    if (kind !== null) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** What came of it, read from the database. */
export async function stoodIn({ ask }: Stage): Promise<Counts> {
  const rows = await ask<{ kind: string; count: number }>(
    `SELECT 'commission ' || status AS kind, count(*)::int AS count FROM commissions WHERE workspace_id = $1 GROUP BY 1
     UNION ALL SELECT kind || ' ' || status, count(*)::int FROM conversions WHERE workspace_id = $1 GROUP BY 1
     UNION ALL SELECT 'sale: ' || split_part(reason, '_on_', 1), count(*)::int FROM conversions WHERE workspace_id = $1 AND kind = 'sale' AND reason IS NOT NULL GROUP BY 1
     UNION ALL SELECT 'united payments', count(*)::int FROM payments WHERE workspace_id = $1 AND merged_into IS NOT NULL
     UNION ALL SELECT 'matured, then billed', count(*)::int FROM payments
       WHERE workspace_id = $1 AND state->'clock'->>'matured' IS NOT NULL AND state::text LIKE '%stripe:invoice:%'
     UNION ALL SELECT 'parked for good', count(*)::int FROM payments WHERE workspace_id = $1 AND parked IS NOT NULL
     UNION ALL SELECT 'referral by coupon', count(*)::int FROM referrals WHERE workspace_id = $1 AND metadata ? 'coupon_id'
     UNION ALL SELECT 'commission of a recruiter', count(*)::int FROM commissions WHERE workspace_id = $1 AND affiliate_id = 'carl'
     UNION ALL SELECT 'commission set by a caller', count(*)::int FROM conversions WHERE workspace_id = $1 AND explanation::jsonb ? 'ordered'
     UNION ALL SELECT 'commission withdrawn', count(*)::int FROM commissions c WHERE workspace_id = $1 AND status = 'declined' AND earned = 0
     UNION ALL SELECT 'commission cut by its cap', count(*)::int FROM commissions WHERE workspace_id = $1 AND parts::text LIKE '%"capped":true%'
     UNION ALL SELECT 'referral with five payments', count(*)::int FROM (
       SELECT FROM payments WHERE workspace_id = $1 AND summary IS NOT NULL GROUP BY referral_id HAVING count(*) >= 5) many
     UNION ALL SELECT 'payments at one moment', count(*)::int FROM (
       SELECT FROM payments WHERE workspace_id = $1 AND summary IS NOT NULL GROUP BY referral_id, paid_at HAVING count(*) > 1) ties
     UNION ALL SELECT 'a loss after a later payment', count(*)::int FROM payments p WHERE workspace_id = $1 AND lost_at IS NOT NULL
       AND EXISTS (SELECT FROM payments l WHERE l.workspace_id = $1 AND l.referral_id = p.referral_id AND l.paid_at BETWEEN p.paid_at AND p.lost_at
         AND l.payment_id <> p.payment_id AND l.summary IS NOT NULL)`,
  );
  return Object.fromEntries(rows.filter(({ count }) => count > 0).map(({ kind, count }) => [kind, count]));
}
