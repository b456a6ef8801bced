/** Words of a buyer's or a subscription's wish to be left out, from several sights. */
import type { OptOut } from './facts.ts';
import { compareText } from './stamp.ts';

const HOUR_MS = 3_600_000;

/**
 * Which word held when the money moved decides, so none is forgotten; of several in an hour the last is enough. Thinned
 * by the clock and not by number or content, which keeps it order-free.
 */
export function uniteOptOuts(a: readonly OptOut[], b: readonly OptOut[]): readonly OptOut[] {
  if (b.length === 0) return a;
  const known = new Map([...a, ...b].map((one) => [`${one.of}\n${one.event}`, one]));
  const inOrder = (x: OptOut, y: OptOut): number =>
    x.at - y.at || compareText(x.event, y.event) || compareText(x.of, y.of);
  const sights = [...known.values()].toSorted(inOrder);
  const lastOfHour = new Map(sights.map((one) => [`${one.of}\n${Math.floor(one.at / HOUR_MS)}`, one]));
  return [...lastOfHour.values()].toSorted(inOrder);
}
