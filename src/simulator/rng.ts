/** A seeded source of pseudo-random choices. Equal seeds give equal sequences on every machine. */
export interface Rng {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [low, high], both ends included. */
  int(low: number, high: number): number;
  /** True with the given probability (0 to 1). */
  chance(probability: number): boolean;
  /** One element; throws on an empty list. */
  pick<T>(list: readonly T[]): T;
  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(list: readonly T[]): T[];
  /** `length` characters of [0-9A-Za-z]. */
  token(length: number): string;
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** FNV-1a, 32 bit: turns any seed into a starting point. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/**
 * sfc32. Not mulberry32 alone: all its seeds walk one cycle of 2^32, so two long
 * histories could overlap and share ids; 128 bits of state cannot.
 */
function sfc32(seed: string): () => number {
  const first = mulberry32(hash(seed));
  const second = mulberry32(hash(`${seed}/`) ^ 0x9e3779b9);
  let a = first();
  let b = second();
  let c = first() ^ second();
  let counter = 1;
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) step();
  return step;
}

function tokenOf(draw: () => number, length: number): string {
  let text = '';
  while (text.length < length) {
    let bits = draw();
    for (let i = 0; i < 5 && text.length < length; i++) {
      text += ALPHABET.charAt(bits % 62);
      bits = Math.floor(bits / 62);
    }
  }
  return text;
}

function shuffled<T>(int: Rng['int'], list: readonly T[]): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = int(0, i);
    const held = copy[i] as T;
    copy[i] = copy[j] as T;
    copy[j] = held;
  }
  return copy;
}

/** Creates the generator of a seed. Numbers and their decimal text are the same seed. */
export function createRng(seed: number | string): Rng {
  const draw = sfc32(String(seed));
  const next = (): number => draw() / 4294967296;
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new RangeError('pick: the list is empty');
      return list[int(0, list.length - 1)] as T;
    },
    shuffle: (list) => shuffled(int, list),
    token: (length) => tokenOf(draw, length),
  };
}

/** A shuffled copy of the list by a seed or a running generator. */
export function shuffle<T>(list: readonly T[], by: Rng | number | string): T[] {
  return (typeof by === 'object' ? by : createRng(by)).shuffle(list);
}

/** One element of the list by a seed or a running generator. */
export function pick<T>(list: readonly T[], by: Rng | number | string): T {
  return (typeof by === 'object' ? by : createRng(by)).pick(list);
}

/** An integer in [low, high] by a seed or a running generator. */
export function int(low: number, high: number, by: Rng | number | string): number {
  return (typeof by === 'object' ? by : createRng(by)).int(low, high);
}
