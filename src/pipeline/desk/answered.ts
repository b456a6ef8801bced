/**
 * How a batch's guard ends the batch with an answer: thrown before anything is written, caught by whoever ran it. The
 * only way out of the batch that leaves no trace; never a surprise, so it carries a value and no stack.
 */
export class Answered<T> extends Error {
  readonly answer: T;

  constructor(answer: T) {
    super('the batch was ended by its guard');
    this.answer = answer;
  }
}

/** Runs `work`; an answer thrown inside it is given as its result, everything else stays thrown. */
export async function answerOf<T, A>(work: () => Promise<T>): Promise<T | A> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Answered) return error.answer as A;
    throw error;
  }
}
