/** Figures of one program: what was tracked, day by day and one by one. Money in minor units, moments milliseconds UTC. */
import type { Caller, Paging } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';
import type { Page } from './views.ts';

type Answer<T> = Promise<T | Refusal>;

export type ProgramShown = {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly windowDays: number;
  readonly createdAt: Moment;
};

export type EventKind = 'click' | 'lead' | 'conversion';

/** `number` is unique within its kind. `told`: what the caller sent, where it is kept. */
export type EventView = {
  readonly kind: EventKind;
  readonly number: number;
  readonly at: Moment;
  readonly clickId: string | null;
  /** Something was sold to who clicked or signed up. */
  readonly converted: boolean;
  readonly customerKey: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly told: Readonly<Record<string, unknown>>;
  readonly sale: {
    readonly amount: bigint;
    readonly refunded: bigint;
    readonly currency: string;
    readonly externalEventId: string;
    readonly isSubscription: boolean;
  } | null;
};

/** One day in UTC, `2026-11-21`. Money in the workspace's currency only; sales are those that credit somebody. */
export type DayFigures = {
  readonly day: string;
  readonly clicks: number;
  readonly leads: number;
  /** Buyers whose first sale it was. */
  readonly conversions: number;
  readonly sales: number;
  /** Less what was refunded. */
  readonly revenue: bigint;
  readonly partners: number;
  /** What stands after reversals, by the day of its sale. */
  readonly commission: bigint;
};

/** Both ends included. */
export type Span = { readonly from: Moment; readonly to: Moment };

/** So many days with today as the last; null: since the first click, lead or sale. */
export type AskedSpan = Span | { readonly lastDays: number | null };

export type Daily = {
  readonly span: Span;
  readonly before: Span;
  readonly days: readonly DayFigures[];
  readonly daysBefore: readonly DayFigures[];
  readonly currency: string;
};

type Three<T> = { readonly clicks: T; readonly leads: T; readonly sales: T };

export type Activity = {
  readonly at: Moment;
  /** Of all time; null: there was none. */
  readonly last: Three<Moment | null>;
  readonly lastDay: Three<number>;
  readonly hasPartners: boolean;
  readonly hasIncentives: boolean;
  /** When the caller's key took another's place; null: it did not. */
  readonly keyRotatedAt: Moment | null;
};

/** Clicks and leads serve both worlds and are told in the live one, as everywhere. */
export type FigureDesk = {
  /** By id or number; null: the workspace's default. Programs of other workspaces are not known. */
  program(caller: Caller, named: string | null): Answer<ProgramShown>;
  trackedEvents(
    caller: Caller,
    programId: string,
    filter: Paging & { readonly kind: EventKind | null; readonly from: Moment | null; readonly to: Moment | null },
  ): Promise<Page<EventView>>;
  /** Every day of a span, also those on which nothing happened, and of the equally long one before it. */
  daily(caller: Caller, programId: string, asked: AskedSpan): Promise<Daily>;
  activity(caller: Caller, programId: string): Promise<Activity>;
};
