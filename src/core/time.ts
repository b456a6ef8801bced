/**
 * Moments are milliseconds since 1970-01-01T00:00Z, as plain integers. The core has no clock: every moment arrives as
 * data. Calendar arithmetic is done here in UTC on the proleptic Gregorian calendar.
 */
export type Moment = number;

export const DAY_MS = 86_400_000;

type Civil = { year: number; month: number; day: number };

function daysFromCivil({ year, month, day }: Civil): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilFromDays(days: number): Civil {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  };
}

function daysInMonth(year: number, month: number): number {
  const next = month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 };
  return daysFromCivil(next) - daysFromCivil({ year, month, day: 1 });
}

/** The same wall time `months` calendar months later, UTC, clamped to the month's end: 31 Jan + 1 month = 28/29 Feb. */
export function addMonths(moment: Moment, months: number): Moment {
  const days = Math.floor(moment / DAY_MS);
  const civil = civilFromDays(days);
  const index = civil.year * 12 + (civil.month - 1) + months;
  const year = Math.floor(index / 12);
  const month = index - year * 12 + 1;
  const day = Math.min(civil.day, daysInMonth(year, month));
  return daysFromCivil({ year, month, day }) * DAY_MS + (moment - days * DAY_MS);
}

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(Z|([+-])([01]\d|2[0-3]):?([0-5]\d))?$/;

/** Years 1 to 9999: no calendar has a year 0, and neither has a database. */
const FIRST_MOMENT = daysFromCivil({ year: 1, month: 1, day: 1 }) * DAY_MS;
const LAST_MOMENT = daysFromCivil({ year: 10_000, month: 1, day: 1 }) * DAY_MS - 1;

/** `2026-06-22` as its midnight UTC; null: it is not written so, or no calendar has it, as 31 February. */
export function dayFromIso(text: string): Moment | null {
  const [year, month, day] = (DAY.exec(text) ?? []).slice(1).map(Number);
  if (!year || !month || !day || month > 12 || day > daysInMonth(year, month)) return null;
  return daysFromCivil({ year, month, day }) * DAY_MS;
}

/**
 * A moment written in ISO 8601: a day alone is its midnight, a time is UTC where it names no offset, what is finer than a
 * millisecond is cut off. null: it is not written so, no calendar or clock has it, or it lies outside the years 1 to 9999.
 */
export function fromIso(text: string): Moment | null {
  const day = dayFromIso(text.slice(0, 10));
  if (day === null || text.length === 10) return day;
  const clock = /[T ]/.test(text.charAt(10)) ? TIME.exec(text.slice(11)) : null;
  if (!clock) return null;
  const [, hour, minute, second = 0, fraction = '', , sign, ahead = 0, past = 0] = clock;
  const offset = (Number(ahead) * 60 + Number(past)) * (sign === '-' ? -60_000 : 60_000);
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  const moment = day + seconds * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3)) - offset;
  return moment >= FIRST_MOMENT && moment <= LAST_MOMENT ? moment : null;
}

/** The same as the end of a stretch of time: a day alone is its last millisecond, so that the day is included. */
export function untilFromIso(text: string): Moment | null {
  const day = dayFromIso(text);
  return day === null ? fromIso(text) : day + DAY_MS - 1;
}

/** ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export function toIso(moment: Moment): string {
  const days = Math.floor(moment / DAY_MS);
  const rest = moment - days * DAY_MS;
  const { year, month, day } = civilFromDays(days);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60].map(two);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock.join(':')}.${String(rest % 1000).padStart(3, '0')}Z`;
}
