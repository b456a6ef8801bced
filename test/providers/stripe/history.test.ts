import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import type { Fact } from '../../../src/core/facts.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import { playSaas } from '../../../src/simulator/saas.ts';
import { FAMILIES, refOf, T } from './said.ts';

const SECRET = 'whsec_history';

describe.each(FAMILIES)('months of a %s account', (family) => {
  const { events } = playSaas({
    seed: 7,
    customers: 40,
    startAt: T,
    families: [family],
    referralFor: (index) => (index % 3 === 0 ? null : `ref_${index}`),
  });

  function heard(body: string, created: number): readonly Fact[] {
    const header = Stripe.webhooks.generateTestHeaderString({
      payload: body,
      secret: SECRET,
      timestamp: created,
    });
    const raw = Buffer.from(body);
    const event = stripe.verify(raw, { 'stripe-signature': header }, [SECRET], created * 1000);
    if ('rejected' in event) throw new Error(event.rejected);
    const { id, type, at } = event;
    const translation = stripe.translate(refOf(type, { id, at }), event.payload);
    return 'facts' in translation ? translation.facts : [];
  }

  const facts = events.flatMap(({ body, created }) => heard(body, created));
  const claims = facts.flatMap((fact) => (fact.kind === 'payment' && fact.claim ? [fact.claim] : []));

  test('every event verifies and translates, none is malformed', () => {
    expect(events.length).toBeGreaterThan(200);
    expect(new Set(facts.map((fact) => fact.kind))).toEqual(
      new Set(['payment', 'customer', 'price', 'refund', 'dispute']),
    );
    expect(new Set(claims.map((claim) => claim.kind))).toEqual(new Set(['bill', 'order', 'intent', 'charge']));
  });

  test('lines add up to the net, nothing had to be bent', () => {
    for (const claim of claims) {
      expect(claim.lines.reduce((sum, line) => sum + line.net, 0n)).toBe(claim.net);
      expect(claim.flags.filter((flag) => flag !== 'discount_unnamed')).toEqual([]);
      expect(claim.net <= claim.total || claim.total < 0n).toBe(true);
    }
  });

  test('touches reach the parties', () => {
    const tokens = facts.flatMap((fact) => (fact.kind === 'customer' ? fact.touches.map((touch) => touch.token) : []));
    expect(new Set(tokens).size).toBeGreaterThan(15);
  });
});
