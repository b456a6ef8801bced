import { expect, test } from 'vitest';
import { createGate } from '../../src/pipeline/gate.ts';

/** Work that lasts until it is told to end. */
function job() {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end };
}

const settle = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 5));

function crowd(room: Parameters<typeof createGate>[0]) {
  const gate = createGate(room);
  const begun: string[] = [];
  const jobs = new Map<string, ReturnType<typeof job>>();
  return {
    begun,
    end: async (name: string) => {
      jobs.get(name)?.end();
      await settle();
    },
    async come(whose: string, name: string): Promise<string> {
      const own = job();
      jobs.set(name, own);
      return gate(whose, async () => {
        begun.push(name);
        await own.ended;
        return name;
      });
    },
  };
}

const ROOM = { atOnce: 2, waitMs: 60_000, waiting: { all: 3, ofOne: 2 } };

test('two at once, one of each name; whoever waits comes in the order in which they came', async () => {
  const { come, begun, end } = crowd(ROOM);
  const all = [come('a', 'a1'), come('a', 'a2'), come('b', 'b1'), come('c', 'c1')];
  await settle();
  expect(begun).toEqual(['a1', 'b1']);
  await end('b1');
  expect(begun).toEqual(['a1', 'b1', 'c1']);
  await end('a1');
  expect(begun).toEqual(['a1', 'b1', 'c1', 'a2']);
  await end('a2');
  await end('c1');
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1', 'c1']);
});

test('no more wait than there is room for, in all and of one name', async () => {
  const { come, begun, end } = crowd(ROOM);
  const inside = [come('a', 'a1'), come('b', 'b1'), come('a', 'a2'), come('a', 'a3')];
  expect(await come('a', 'a4')).toBe('busy');
  inside.push(come('c', 'c1'));
  expect(await come('d', 'd1')).toBe('busy');
  for (const name of ['a1', 'a2', 'a3', 'b1', 'c1']) await end(name);
  for (const name of ['a2', 'a3', 'c1']) await end(name);
  expect(await Promise.all(inside)).toEqual(['a1', 'b1', 'a2', 'a3', 'c1']);
  expect(begun).toHaveLength(5);
});

test('whoever has waited too long goes, and takes nobody’s place', async () => {
  const { come, begun, end } = crowd({ ...ROOM, atOnce: 1, waitMs: 20 });
  const first = come('a', 'a1');
  expect(await come('b', 'b1')).toBe('busy');
  await end('a1');
  const next = come('c', 'c1');
  await end('c1');
  expect([await first, await next, begun]).toEqual(['a1', 'c1', ['a1', 'c1']]);
});

test('work that fails makes room as well', async () => {
  const gate = createGate({ ...ROOM, atOnce: 1 });
  await expect(gate('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await gate('a', () => Promise.resolve(1))).toBe(1);
});
