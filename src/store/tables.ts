import type { EntitySchema } from 'typeorm';
import { workspaces, programs, apiKeys, rateLimits, affiliates, incentives } from './tables-partners.ts';
import { referrals } from './tables-referrals.ts';
import { stripeAccounts, stripeSecrets, stripeApiKeys, requestSecrets, backfills, alerts } from './tables-accounts.ts';
import { inbox, payloads, payments, paymentKeys, customers, prices, questions } from './tables-journal.ts';
import { affiliateGroups, coupons, exchangeRates, watches } from './tables-terms.ts';
import { collections, tags, links, profiles, leads, testEvents } from './tables-catalogue.ts';
import {
  creatives,
  onboardingAnswers,
  onboardingCompletions,
  onboardingForms,
  onboardingQuestions,
} from './tables-forms.ts';
import { passes } from './tables-portal.ts';
import { conversions, commissions, transfers, balances } from './tables-money.ts';

/** Every table TypeORM knows; the drift test compares them with what the migrations made. */
export const entities: EntitySchema[] = [
  workspaces,
  programs,
  apiKeys,
  rateLimits,
  stripeAccounts,
  stripeSecrets,
  stripeApiKeys,
  requestSecrets,
  backfills,
  alerts,
  affiliates,
  affiliateGroups,
  incentives,
  creatives,
  onboardingForms,
  onboardingQuestions,
  onboardingAnswers,
  onboardingCompletions,
  collections,
  tags,
  links,
  referrals,
  testEvents,
  passes,
  profiles,
  leads,
  coupons,
  exchangeRates,
  watches,
  inbox,
  payloads,
  payments,
  paymentKeys,
  customers,
  prices,
  questions,
  conversions,
  commissions,
  transfers,
  balances,
];
