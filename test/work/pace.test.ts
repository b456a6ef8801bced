import { expect, test } from 'vitest';
import { createPace } from '../../src/work/pace.ts';

test('a pace lets a few through at once and the rest evenly, however many wait', async () => {
  const pace = createPace(100);
  const at: number[] = [];
  const started = performance.now();
  await Promise.all(Array.from({ length: 40 }, () => pace().then(() => at.push(performance.now() - started))));
  expect(at.filter((moment) => moment < 8).length).toBeGreaterThanOrEqual(4);
  // Whatever the machine is busy with, nothing comes earlier than its turn (a timer may be a millisecond early).
  at.forEach((moment, index) => expect(moment).toBeGreaterThanOrEqual((index - 3) * 10 - 2));
});

test('a pace that rested owes nothing', async () => {
  const pace = createPace(50);
  for (let index = 0; index < 6; index += 1) await pace();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const started = performance.now();
  for (let index = 0; index < 4; index += 1) await pace();
  expect(performance.now() - started).toBeLessThan(60);
});
