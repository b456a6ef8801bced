/** Changes an event as no sender would, in ways a seed reproduces: what is damaged is the text that is signed. */
import type { Rng } from '../../src/simulator/rng.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

type Place = { readonly holder: Json[] | { [name: string]: Json }; readonly name: string };

/** Every place of a value, in reading order. */
function placesOf(value: Json, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const name of Object.keys(value)) {
    found.push({ holder: value, name });
    placesOf(at({ holder: value, name }), found);
  }
  return found;
}

function at({ holder, name }: Place): Json {
  return (holder as { [name: string]: Json })[name] ?? null;
}

function put({ holder, name }: Place, value: Json): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}

function remove({ holder, name }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else delete holder[name];
}

const TEXTS = [
  '',
  ' ',
  '\0',
  'in_\0',
  '\ud800',
  'pi_\udc00x',
  '‮id',
  '💸',
  'ÄÖ',
  'a\nb',
  'a	b',
  '\\',
  '"',
  "'",
  '{',
  '}',
  '{"a":1}',
  '%s',
  '$1',
  ':',
  '::',
  'stripe:invoice:in_1',
  'NULL',
  'null',
  'NaN',
  'Infinity',
  '-0',
  '1e999',
  '0x10',
  '12.5',
  '9007199254740993',
  '__proto__',
  'constructor',
  'toString',
  '; DROP TABLE payments',
];

const NUMBERS = [
  0,
  -1,
  1,
  -5e3,
  0.5,
  1e-9,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  0x8ac7230489e80000,
  1e21,
  1e300,
  -(2 ** 53),
  -(2 ** 63),
  253402300799,
  253402300800,
  864e10,
  864e13,
  -62167219201,
];

function deep(levels: number): Json {
  let value: Json = 'deep';
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { data: value };
  return value;
}

function otherType(rng: Rng, value: Json): Json {
  const others: readonly Json[] = [
    null,
    true,
    false,
    0,
    7,
    -1,
    '',
    'text',
    [],
    {},
    [null],
    { id: 'x' },
    [value],
    { object: value },
  ];
  return rng.pick([...others, typeof value === 'number' ? String(value) : JSON.stringify(value).length]);
}

function wild(rng: Rng, value: Json): Json {
  if (typeof value === 'number') return rng.pick(NUMBERS);
  const long = (unit: string): string => unit.repeat(rng.pick([256, 3_000, 3_000, 60_000]));
  return rng.pick<() => Json>([
    () => rng.pick(TEXTS),
    () => rng.pick(TEXTS),
    () => `${typeof value === 'string' ? value : ''}${rng.pick(TEXTS)}`,
    () => long(rng.pick(['x', 'ü', '💸', '\u0000', '"'])),
    () => rng.pick(NUMBERS),
  ])();
}

type Mutation = (rng: Rng, event: Json, place: Place, ids: readonly string[]) => void;

const MUTATIONS: readonly Mutation[] = [
  (_rng, _event, place) => remove(place),
  (_rng, _event, place) => put(place, null),
  (rng, _event, place) => put(place, otherType(rng, at(place))),
  (rng, _event, place) => put(place, otherType(rng, at(place))),
  (rng, _event, place) => put(place, wild(rng, at(place))),
  (rng, _event, place) => put(place, wild(rng, at(place))),
  // Ids of other objects, so that payments of strangers become one.
  (rng, event, _place, ids) => {
    const named = placesOf(event).filter((one) => {
      const value = at(one);
      return typeof value === 'string' && ids.includes(value);
    });
    if (named.length > 0) put(rng.pick(named), rng.pick(ids));
  },
  (rng, event, place) => {
    const other = rng.pick(placesOf(event));
    const [mine, theirs] = [structuredClone(at(place)), structuredClone(at(other))];
    put(place, theirs);
    put(other, mine);
  },
  (rng, _event, place) =>
    put(
      place,
      Array.from({ length: rng.pick([2, 40, 300]) }, () => structuredClone(at(place))),
    ),
  (rng, _event, place) => put(place, deep(rng.pick([5, 50, 400]))),
  (rng, event) => {
    // A name in a list would not be written, and a list with another constructor cannot be shortened.
    const holders = placesOf(event).filter(
      (one) => typeof at(one) === 'object' && at(one) !== null && !Array.isArray(at(one)),
    );
    if (holders.length === 0) return;
    const holder = at(rng.pick(holders)) as { [name: string]: Json };
    put(
      { holder, name: rng.pick(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) },
      rng.pick<Json>([{ id: 'x', paid: true }, null, 'x', 3]),
    );
  },
];

/** What only the text can say: a name written twice, or nesting deeper than a walk through it would survive. */
function inText(rng: Rng, text: string): string {
  const name = rng.pick(['id', 'object', 'amount', 'created', 'data', 'currency', 'livemode', 'type', 'metadata']);
  if (rng.chance(0.2))
    return text.replace(`"${name}":`, `"${name}":${'['.repeat(20_000)}${']'.repeat(20_000)},"was_${name}":`);
  return text.replace(`"${name}":`, `"${name}":${rng.pick(['null', '"twice"', '1', '{}'])},"${name}":`);
}

/** The text of an event after one to three mutations; every id an event names may be swapped for one of `ids`. */
export function mutated(rng: Rng, body: string, id: string, ids: readonly string[]): string {
  const event = JSON.parse(body) as { id: string; data: { object: Json } };
  if (!rng.chance(0.05)) event.id = id;
  for (let turn = rng.int(1, 3); turn > 0; turn -= 1) {
    // Mostly inside the object, because what is wrong with the envelope is refused at the door.
    const within: Json = rng.chance(0.85) && typeof event.data?.object === 'object' ? event.data.object : event;
    const places = placesOf(within);
    if (places.length > 0) rng.pick(MUTATIONS)(rng, within, rng.pick(places), ids);
  }
  const text = JSON.stringify(event);
  return rng.chance(0.05) ? inText(rng, text) : text;
}
