/** `/v1/onboarding-form` and `/v1/affiliates/{id}/onboarding-responses` (apis.md 2.2): what affiliates are asked. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;
let other: Site;

beforeAll(async () => {
  scene = await openScene();
  ({ site, other } = scene);
});

afterAll(() => scene.close());

type Fields = Record<string, unknown>;
type Question = Fields & { readonly id: string; readonly question: string; readonly answer?: unknown };

const PATH = '/v1/onboarding-form';
const CHANNELS = {
  question: 'Which channels will you use?',
  type: 'multiple_choice',
  is_required: true,
  options: ['Blog', 'Video', 'Mail'],
  order: 0,
};
const SIZE = {
  question: 'How many read you?',
  type: 'single_choice',
  is_required: true,
  options: ['1', '2'],
  order: 1,
};
const SITE = { question: 'Your site?', type: 'text_input', order: 2 };
const AUDIENCE = { question: 'Who reads you?', type: 'textarea', is_required: false, order: 3 };
const FORM = { name: 'About you', description: 'A few questions.', questions: [CHANNELS, SIZE, SITE, AUDIENCE] };

const make = (body: unknown = FORM): Promise<Answer> => site.post(PATH, body);
const change = (body: unknown): Promise<Answer> => site.send('PATCH', PATH, JSON.stringify(body));
const show = (asked = {}): Promise<Answer> => site.get(PATH, asked);
const questionsOf = ({ body }: Answer): readonly Question[] => body.data['questions'] as readonly Question[];
const errorOf = ({ status, body }: Answer): unknown => [status, body.error.code, body.error.field];

beforeEach(async () => {
  await site.send('DELETE', PATH, undefined);
  await other.send('DELETE', PATH, undefined);
});

let people = 0;

async function join(more: Fields = {}): Promise<string> {
  people += 1;
  const { body } = await site.post('/v1/affiliates', { name: `P ${people}`, email: `p${people}@x.example`, ...more });
  return String(body.data['id']);
}

const affiliate = async (id: string, query = ''): Promise<Fields> =>
  (await site.get(`/v1/affiliates/${id}${query}`)).body.data;

const at = (id: string): string => `/v1/affiliates/${id}/onboarding-responses`;
const submit = (id: string, body: unknown, on = site): Promise<Answer> => on.post(at(id), body);
const answersOf = (answer: Answer): unknown => questionsOf(answer).map(({ answer: given }) => given);

/** The ids of the questions of the form as it is made above, in order. */
async function ask(): Promise<readonly [string, string, string, string]> {
  const [a, b, c, d] = questionsOf(await make()).map(({ id }) => id);
  return [String(a), String(b), String(c), String(d)];
}

const said = (...pairs: readonly (readonly [string, unknown])[]): Fields => ({
  responses: pairs.map(([question_id, answer]) => ({ question_id, answer })),
});

describe('the form', () => {
  test('is made, read, changed and deleted as documented', async () => {
    const none = await show();
    expect(errorOf(none)).toEqual([404, 'NOT_FOUND', undefined]);
    const made = await make();
    const now = new Date(site.stage.clock.now).toISOString();
    const shown = {
      id: expect.stringMatching(/^onbform_/) as string,
      name: 'About you',
      description: 'A few questions.',
      created_at: now,
      updated_at: now,
      questions: [CHANNELS, SIZE, { ...SITE, is_required: false }, AUDIENCE].map((one) => ({
        options: [],
        ...one,
        id: expect.stringMatching(/^onbq_/) as string,
      })),
    };
    expect([made.status, made.body]).toEqual([201, { success: true, data: shown }]);
    expect((await show()).body).toEqual(made.body);

    site.stage.clock.now += 1000;
    const changed = await change({ name: 'More about you', description: null });
    expect([changed.status, changed.body]).toEqual([
      200,
      {
        success: true,
        data: {
          ...made.body.data,
          name: 'More about you',
          description: null,
          updated_at: new Date(site.stage.clock.now).toISOString(),
        },
      },
    ]);
    expect((await show()).body).toEqual(changed.body);

    const gone = await site.send('DELETE', PATH, undefined);
    expect([gone.status, gone.body]).toEqual([200, { success: true, message: expect.any(String) }]);
    expect(errorOf(await show())).toEqual([404, 'NOT_FOUND', undefined]);
    expect(errorOf(await change({ name: 'x' }))).toEqual([404, 'NOT_FOUND', undefined]);
    expect(errorOf(await site.send('DELETE', PATH, undefined))).toEqual([404, 'NOT_FOUND', undefined]);
  });

  test('is one of a workspace: another one is 409', async () => {
    const first = await make();
    expect(errorOf(await make({ ...FORM, name: 'Second' }))).toEqual([409, 'DUPLICATE_ERROR', undefined]);
    expect((await show()).body).toEqual(first.body);
  });

  test('a hundred made at once: one is, the others are told of it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => make({ ...FORM, name: `No ${index}` })),
    );
    const made = answers.filter(({ status }) => status === 201);
    const told = answers.filter(({ status, body }) => status === 409 && body.error.code === 'DUPLICATE_ERROR');
    expect([made.length, told.length]).toEqual([1, 99]);
    expect((await show()).body).toEqual(made[0]?.body);
  });

  test('is of both worlds, and not of another workspace', async () => {
    const made = await make();
    expect((await show({ key: site.test })).body).toEqual(made.body);
    expect((await other.get(PATH)).status).toBe(404);
    expect((await other.send('PATCH', PATH, '{"name":"theirs"}')).status).toBe(404);
    expect((await other.send('DELETE', PATH, undefined)).status).toBe(404);
    expect((await other.post(PATH, FORM)).status).toBe(201);
    expect((await show()).body).toEqual(made.body);
  });

  test('shows its questions by their order, and those of one order as they were listed', async () => {
    const orders = [7, 3, 3, 1_000_000, 0, 3];
    const questions = orders.map((order, index) => ({ ...SITE, question: `Q${index}`, order }));
    const texts = async (answer: Answer): Promise<unknown> => [
      questionsOf(answer).map(({ question }) => question),
      questionsOf(await show()).map(({ question }) => question),
    ];
    const sorted = ['Q4', 'Q1', 'Q2', 'Q5', 'Q0', 'Q3'];
    const made = await make({ ...FORM, questions });
    expect(await texts(made)).toEqual([sorted, sorted]);
    const known = questionsOf(made).map(({ id, question, type }) => ({ id, question, type, order: 1 }));
    const turned = sorted.toReversed();
    expect(await texts(await change({ questions: known.toReversed() }))).toEqual([turned, turned]);
  });

  test('options are of choices alone', async () => {
    const made = await make({ ...FORM, questions: [{ ...SITE, options: ['a'] }] });
    expect(questionsOf(made)[0]?.['options']).toEqual([]);
  });
});

describe('questions that are sent in a change take the place of all', () => {
  test('one with an id changes, one without is new, one that is left out is asked no more and, with answers, may come back', async () => {
    const made = await make();
    const [channels, size, page] = questionsOf(made);
    await submit(await join(), said([String(size?.id), '1'], [String(page?.id), 'https://zoe.example']));
    const changed = await change({
      questions: [
        { ...CHANNELS, id: channels?.id, options: ['Blog', 'Podcast'], order: 5 },
        { ...SITE, order: 1 },
      ],
    });
    const [fresh, known] = questionsOf(changed);
    expect(known).toEqual({ ...channels, options: ['Blog', 'Podcast'], order: 5 });
    expect(questionsOf(made).map(({ id }) => id)).not.toContain(fresh?.id);
    expect(questionsOf(await show())).toEqual([fresh, known]);
    const back = await change({
      questions: [
        { ...SITE, id: page?.id },
        { ...SIZE, id: size?.id },
      ],
    });
    expect(questionsOf(back).map(({ id }) => id)).toEqual([size?.id, page?.id]);
  });

  test('an id that is no question of the form, or comes twice: 400, and nothing changed', async () => {
    const made = await make();
    const [channels] = questionsOf(made);
    const theirs = questionsOf(await other.post(PATH, FORM))[0]?.id;
    for (const id of ['onbq_nobody', theirs]) {
      const answer = await change({ name: 'x', questions: [SITE, { ...CHANNELS, id }] });
      expect(errorOf(answer)).toEqual([400, 'VALIDATION_ERROR', 'questions']);
      expect(answer.body.error.details).toEqual([
        { field: 'questions.1.id', message: expect.stringContaining('is no question') as string },
      ]);
    }
    const twice = await change({ questions: [1, 2].map(() => ({ ...CHANNELS, id: channels?.id })) });
    expect(errorOf(twice)).toEqual([400, 'VALIDATION_ERROR', 'questions']);
    expect(twice.body.error.details).toEqual([{ field: 'questions.1.id', message: 'comes twice' }]);
    expect((await show()).body).toEqual(made.body);
  });

  test('twenty changes at once: the questions are those of one of them', async () => {
    await make();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        change({ name: `No ${index}`, questions: [0, 1].map((order) => ({ ...SITE, question: `Q${index}`, order })) }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const { body } = await show();
    const index = String(body.data['name']).replace('No ', '');
    expect((body.data['questions'] as readonly Question[]).map(({ question }) => question)).toEqual([
      `Q${index}`,
      `Q${index}`,
    ]);
  });
});

describe('questions that are left out', () => {
  const kept = async (): Promise<unknown[]> =>
    (await site.stage.ask<{ id: string }>('SELECT question_id AS id FROM onboarding_questions WHERE workspace_id = $1'))
      .map(({ id }) => id)
      .toSorted();

  test('stay for their answers alone', async () => {
    const [channels, size, page] = await ask();
    const id = await join();
    await submit(id, said([channels, ['Blog']], [size, '1']));
    await submit(id, said([size, null]));
    for (let n = 0; n < 5; n += 1) {
      const questions = questionsOf(await change({ questions: [SITE, { ...SITE, order: 9 }] }));
      expect(await kept()).toEqual([channels, ...questions.map((one) => String(one['id']))].toSorted());
    }
    const gone = await change({ questions: [{ ...SITE, id: page }] });
    expect(errorOf(gone)).toEqual([400, 'VALIDATION_ERROR', 'questions']);
    await change({ questions: [{ ...CHANNELS, id: channels }] });
    expect([await kept(), answersOf(await site.get(at(id)))]).toEqual([[channels], [['Blog']]]);
  });
});

describe('what does not fit a form', () => {
  const long = (length: number): string => 'x'.repeat(length);
  const many = (count: number): readonly Fields[] => Array.from({ length: count }, (_, order) => ({ ...SITE, order }));

  test('what just fits is kept as it is', async () => {
    const options = Array.from({ length: 100 }, () => long(255));
    const made = await make({ name: long(200), description: long(1000), questions: many(50) });
    expect([made.status, questionsOf(made).length]).toEqual([201, 50]);
    const changed = await change({ questions: [{ ...CHANNELS, question: long(1000), options }] });
    expect(questionsOf(changed)[0]).toMatchObject({ question: long(1000), options });
  });

  const cases: readonly [Fields, string, string?][] = [
    [{ name: '' }, 'name'],
    [{ name: ' ' }, 'name'],
    [{ name: 5 }, 'name'],
    [{ name: long(201) }, 'name'],
    [{ description: long(1001) }, 'description'],
    [{ description: 5 }, 'description'],
    [{ questions: [] }, 'questions'],
    [{ questions: many(51) }, 'questions'],
    [{ questions: 'Who?' }, 'questions'],
    [{ questions: ['Who?'] }, 'questions', 'questions.0'],
    [{ questions: [SITE, { ...SITE, question: '' }] }, 'questions', 'questions.1.question'],
    [{ questions: [{ ...SITE, question: long(1001) }] }, 'questions', 'questions.0.question'],
    [{ questions: [{ ...SITE, type: 'date' }] }, 'questions', 'questions.0.type'],
    [{ questions: [{ ...SITE, type: null }] }, 'questions', 'questions.0.type'],
    [{ questions: [{ ...SITE, is_required: 'yes' }] }, 'questions', 'questions.0.is_required'],
    [{ questions: [{ ...SITE, order: undefined }] }, 'questions', 'questions.0.order'],
    [{ questions: [{ ...SITE, order: -1 }] }, 'questions', 'questions.0.order'],
    [{ questions: [{ ...SITE, order: 0.5 }] }, 'questions', 'questions.0.order'],
    [{ questions: [{ ...SITE, order: 1_000_001 }] }, 'questions', 'questions.0.order'],
    [{ questions: [{ ...CHANNELS, options: [] }] }, 'questions', 'questions.0.options'],
    [{ questions: [{ ...CHANNELS, options: null }] }, 'questions', 'questions.0.options'],
    [{ questions: [{ ...SIZE, options: undefined }] }, 'questions', 'questions.0.options'],
    [{ questions: [{ ...CHANNELS, options: [''] }] }, 'questions', 'questions.0.options.0'],
    [{ questions: [{ ...CHANNELS, options: [long(256)] }] }, 'questions', 'questions.0.options.0'],
    [{ questions: [{ ...CHANNELS, options: many(101).map(() => 'a') }] }, 'questions', 'questions.0.options'],
  ];

  test.each(
    cases.map(([body, field, where = field]) => [JSON.stringify(body).slice(0, 90), body, field, where] as const),
  )('%s is refused, made or changed', async (_said, body, field, where) => {
    const answers = [await make({ ...FORM, ...body })];
    expect((await show()).status).toBe(404);
    await make();
    answers.push(await change(body));
    for (const answer of answers) {
      expect(errorOf(answer)).toEqual([400, 'VALIDATION_ERROR', field]);
      expect(answer.body.error.details).toContainEqual({ field: where, message: expect.any(String) });
    }
  });

  test('what is needed is said, and a change of nothing is refused', async () => {
    for (const field of ['name', 'questions'])
      expect(errorOf(await make({ ...FORM, [field]: undefined }))).toEqual([400, 'VALIDATION_ERROR', field]);
    await make();
    for (const nothing of [{}, { name: null }, { questions: null }, { title: 'x' }])
      expect(errorOf(await change(nothing))).toEqual([400, 'VALIDATION_ERROR', 'body']);
  });
});

describe('answers', () => {
  test('are kept, shown with the form, and overwritten in place, as documented', async () => {
    const [channels, size, page, audience] = await ask();
    const form = (await show()).body.data;
    const id = await join();
    const empty = await site.get(at(id));
    expect([empty.status, empty.body]).toEqual([
      200,
      {
        success: true,
        data: {
          form_id: form['id'],
          form_name: 'About you',
          form_description: 'A few questions.',
          completed_at: null,
          questions: (form['questions'] as readonly Question[]).map((one) => ({ ...one, answer: null })),
        },
      },
    ]);
    const first = await submit(id, said([channels, ['Blog', 'Mail']], [audience, 'Founders.']));
    expect([first.status, answersOf(first)]).toEqual([200, [['Blog', 'Mail'], null, null, 'Founders.']]);
    expect((await site.get(at(id))).body).toEqual(first.body);
    const second = await submit(id, said([channels, ['Video']], [size, '2'], [page, 'https://x.example']));
    expect(answersOf(second)).toEqual([['Video'], '2', 'https://x.example', 'Founders.']);
    expect((await site.get(at(id))).body).toEqual(second.body);
    expect(second.body.data['completed_at']).toBeNull();
    expect((await affiliate(id))['onboarding_completed']).toBe(false);
  });

  test('need not be one of the options', async () => {
    const [channels, size] = await ask();
    const answer = await submit(await join(), said([channels, ['Radio']], [size, 'thousands']));
    expect(answersOf(answer)).toEqual([['Radio'], 'thousands', null, null]);
  });

  test('go away by a blank text, an empty list and null', async () => {
    const [channels, size, page, audience] = await ask();
    const id = await join();
    await submit(id, said([channels, ['Blog']], [size, '1'], [page, 'x'], [audience, 'y']));
    const answer = await submit(id, said([channels, []], [size, ' '], [page, null], [audience, '']));
    expect([answer.status, answersOf(answer)]).toEqual([200, [null, null, null, null]]);
    expect((await site.get(at(id))).body).toEqual(answer.body);
  });

  test('stay with a question that is asked no more, and come back with it', async () => {
    const [channels, size] = await ask();
    const id = await join();
    await submit(id, said([channels, ['Blog']], [size, '1']));
    await change({ questions: [{ ...SIZE, id: size }] });
    expect(answersOf(await site.get(at(id)))).toEqual(['1']);
    const refused = await submit(id, said([channels, ['Mail']]));
    expect(errorOf(refused)).toEqual([400, 'VALIDATION_ERROR', 'responses']);
    await change({ questions: [{ ...CHANNELS, id: channels }] });
    expect(answersOf(await site.get(at(id)))).toEqual([['Blog']]);
  });

  test('go with the form, and that it was marked complete with them', async () => {
    const [channels, size] = await ask();
    const id = await join();
    await submit(id, { ...said([channels, ['Blog']], [size, '1']), mark_complete: true });
    await site.send('DELETE', PATH, undefined);
    expect(errorOf(await site.get(at(id)))).toEqual([404, 'NOT_FOUND', undefined]);
    expect(await site.stage.ask('SELECT 1 FROM onboarding_answers WHERE workspace_id = $1')).toEqual([]);
    await make();
    const { body } = await site.get(at(id));
    expect(body.data).toMatchObject({ completed_at: null });
    expect((await affiliate(id))['onboarding_completed']).toBe(false);
  });

  test('are of each affiliate alone, and of both worlds', async () => {
    const [, size] = await ask();
    const [id, neighbour] = [await join(), await join()];
    await submit(id, said([size, '1']));
    await submit(neighbour, said([size, '2']));
    const { body } = await site.get(at(id), { key: site.test });
    expect((body.data['questions'] as readonly Question[])[1]?.answer).toBe('1');
  });
});

describe('answers that do not fit', () => {
  test('each is told with its place, and none of them is kept', async () => {
    const [channels, size, page, audience] = await ask();
    const id = await join();
    await submit(id, said([size, '1']));
    const answer = await submit(
      id,
      said([size, '2'], [channels, 'Blog'], [page, ['x']], ['onbq_nobody', 'x'], [audience, 'fine']),
    );
    expect(errorOf(answer)).toEqual([400, 'VALIDATION_ERROR', 'responses']);
    expect(answer.body.error.message).toMatch(/^responses\.1\.answer must be a list of texts/);
    expect(answer.body.error.details).toEqual([
      { field: 'responses.1.answer', message: expect.stringContaining('multiple_choice') as string },
      { field: 'responses.2.answer', message: expect.stringContaining('text_input') as string },
      { field: 'responses.3.question_id', message: 'is no question of the onboarding form' },
    ]);
    expect(answersOf(await site.get(at(id)))).toEqual([null, '1', null, null]);
  });

  test.each<[string, (id: string) => unknown, string]>([
    ['no list', () => ({}), 'responses'],
    ['null', () => ({ responses: null, mark_complete: true }), 'responses'],
    ['an empty list', () => ({ responses: [] }), 'responses'],
    ['an empty list and false', () => ({ responses: [], mark_complete: false }), 'responses'],
    ['no question', () => ({ responses: [{ answer: 'x' }] }), 'responses.0.question_id'],
    ['no answer', (id) => ({ responses: [{ question_id: id }] }), 'responses.0.answer'],
    ['a number', (id) => said([id, 5]), 'responses.0.answer'],
    ['an object', (id) => said([id, { text: 'x' }]), 'responses.0.answer'],
    ['a list of numbers', (id) => said([id, [5]]), 'responses.0.answer'],
    ['a list of words', () => ({ responses: ['x'] }), 'responses.0'],
    ['a long text', (id) => said([id, 'x'.repeat(10_001)]), 'responses.0.answer'],
    ['a long list', (id) => said([id, Array.from({ length: 101 }, () => 'x')]), 'responses.0.answer'],
    ['a list of a long text', (id) => said([id, ['x'.repeat(256)]]), 'responses.0.answer.0'],
    ['a question twice', (id) => said([id, 'x'], [id, 'y']), 'responses.1.question_id'],
    [
      'too many',
      () => ({ responses: Array.from({ length: 101 }, (_, index) => ({ question_id: `q${index}`, answer: 'x' })) }),
      'responses',
    ],
    ['mark_complete as a word', (id) => ({ ...said([id, 'x']), mark_complete: 'yes' }), 'mark_complete'],
  ])('%s: 400', async (_said, bodyOf, where) => {
    const [, , page] = await ask();
    const id = await join();
    const answer = await submit(id, bodyOf(page));
    expect(errorOf(answer)).toEqual([400, 'VALIDATION_ERROR', where.split('.')[0]]);
    const message = expect.stringMatching(/^(must|comes twice)/) as string;
    expect(answer.body.error.details?.[0]).toEqual({ field: where, message });
    expect(answersOf(await site.get(at(id)))).toEqual([null, null, null, null]);
  });

  test('the longest that fit are kept', async () => {
    const [channels, , , audience] = await ask();
    const list = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(255, 'x'));
    const answer = await submit(await join(), said([channels, list], [audience, 'x'.repeat(10_000)]));
    expect([answer.status, answersOf(answer)]).toEqual([200, [list, null, null, 'x'.repeat(10_000)]]);
  });

  test('no such affiliate, one that was deleted, no form: 404', async () => {
    const [, size] = await ask();
    const id = await join();
    await site.send('DELETE', `/v1/affiliates/${id}`, undefined);
    for (const one of ['aff_nobody', id])
      for (const answer of [await site.get(at(one)), await submit(one, said([size, '1']))]) {
        expect(errorOf(answer)).toEqual([404, 'NOT_FOUND', undefined]);
        expect(answer.body.error.message).toContain(one);
      }
    await site.send('DELETE', PATH, undefined);
    const somebody = await join();
    for (const answer of [await site.get(at(somebody)), await submit(somebody, said([size, '1']))]) {
      expect(errorOf(answer)).toEqual([404, 'NOT_FOUND', undefined]);
      expect(answer.body.error.message).toContain('onboarding form');
    }
  });

  test('an affiliate and a question of another workspace are nobody’s', async () => {
    const [, size] = await ask();
    const theirs = questionsOf(await other.post(PATH, FORM))[1]?.id ?? '';
    const id = await join();
    expect((await submit(id, said([size, '1']), other)).status).toBe(404);
    expect((await other.get(at(id))).status).toBe(404);
    expect(errorOf(await submit(id, said([theirs, '1'])))).toEqual([400, 'VALIDATION_ERROR', 'responses']);
  });

  test('reading and writing need their permissions', async () => {
    const [, size] = await ask();
    const id = await join();
    const { key } = await site.keyFor(true, ['read:affiliates']);
    expect((await site.get(at(id), { key })).status).toBe(200);
    expect((await site.post(at(id), said([size, '1']), { key })).status).toBe(403);
    const writer = await site.keyFor(true, ['write:affiliates']);
    expect((await site.post(at(id), said([size, '1']), { key: writer.key })).status).toBe(200);
    expect((await site.get(at(id), { key: writer.key })).status).toBe(403);
    const program = await site.keyFor(true, ['read:program']);
    expect((await show({ key: program.key })).status).toBe(200);
    for (const method of ['POST', 'PATCH', 'DELETE'])
      expect((await site.send(method, PATH, JSON.stringify(FORM), { key: program.key })).status).toBe(403);
  });
});

describe('an onboarding that is complete', () => {
  test('is marked once: the first moment stays, and the affiliate is shown to be', async () => {
    const [channels, size] = await ask();
    const id = await join();
    const now = new Date(site.stage.clock.now).toISOString();
    const done = await submit(id, { ...said([channels, ['Blog']], [size, '1']), mark_complete: true });
    expect([done.status, done.body.data['completed_at']]).toEqual([200, now]);
    expect((await affiliate(id))['onboarding_completed']).toBe(true);
    site.stage.clock.now += 1000;
    const again = await submit(id, { ...said([size, '2']), mark_complete: true });
    expect(again.body.data['completed_at']).toBe(now);
    expect((await site.get(at(id))).body).toEqual(again.body);
  });

  test('may be marked without answers, once those were saved before', async () => {
    const [channels, size] = await ask();
    const id = await join();
    await submit(id, said([channels, ['Blog']]));
    await submit(id, said([size, '1']));
    expect((await affiliate(id))['onboarding_completed']).toBe(false);
    const { status, body } = await submit(id, { responses: [], mark_complete: true });
    expect([status, typeof body.data['completed_at']]).toEqual([200, 'string']);
    expect((await affiliate(id))['onboarding_completed']).toBe(true);
  });

  test('needs every required question: what is missing is named, and nothing is kept', async () => {
    const [channels, size, page] = await ask();
    const id = await join();
    const answer = await submit(id, { ...said([page, 'x'], [size, '']), mark_complete: true });
    expect(errorOf(answer)).toEqual([400, 'VALIDATION_ERROR', 'responses']);
    expect(answer.body.error).toMatchObject({
      message: '2 required questions have no answer yet: answer what is missing first.',
      missing_question_ids: [channels, size],
      details: [
        { field: channels, message: 'needs an answer: Which channels will you use?' },
        { field: size, message: 'needs an answer: How many read you?' },
      ],
    });
    expect(answersOf(await site.get(at(id)))).toEqual([null, null, null, null]);
    await submit(id, said([channels, ['Blog']], [size, '1']));
    const taken = await submit(id, { ...said([size, null]), mark_complete: true });
    expect(taken.body.error).toMatchObject({ missing_question_ids: [size] });
    expect(answersOf(await site.get(at(id)))).toEqual([['Blog'], '1', null, null]);
    expect((await affiliate(id))['onboarding_completed']).toBe(false);
  });

  test('without required questions it is complete whenever it is marked', async () => {
    await make({ ...FORM, questions: [SITE] });
    const { status, body } = await submit(await join(), { responses: [], mark_complete: true });
    expect([status, typeof body.data['completed_at']]).toEqual([200, 'string']);
  });

  test('stays complete when a question is required later', async () => {
    await make({ ...FORM, questions: [SITE] });
    const id = await join();
    await submit(id, { responses: [], mark_complete: true });
    await change({ questions: [{ ...SITE, is_required: true }] });
    expect((await site.get(at(id))).body.data['completed_at']).not.toBeNull();
    const again = await submit(id, { responses: [], mark_complete: true });
    expect(again.body.error).toMatchObject({ missing_question_ids: [expect.any(String)] });
  });

  test('a hundred at once: one moment, and every caller is told it', async () => {
    const [channels, size] = await ask();
    const id = await join();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        site.stage.clock.now += 1;
        return submit(id, { ...said([channels, [`${index}`]], [size, '1']), mark_complete: true });
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.data['completed_at'])).size).toBe(1);
    const kept = answersOf(await site.get(at(id)));
    expect(answers.map((answer) => answersOf(answer))).toContainEqual(kept);
  });

  test('forty at once, in opposite orders: each is told what it said, and one of them stands whole', async () => {
    const questions = Array.from({ length: 50 }, (_, order) => ({ ...SITE, order }));
    const ids = questionsOf(await make({ ...FORM, questions })).map(({ id }) => id);
    const id = await join();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const pairs = ids.map((one) => [one, `${index}`] as const);
        return submit(id, said(...(index % 2 === 0 ? pairs : pairs.toReversed())));
      }),
    );
    const whole = answers.map((_, index) => ids.map(() => `${index}`));
    expect(answers.map((answer) => [answer.status, answersOf(answer)])).toEqual(whole.map((one) => [200, one]));
    expect(whole).toContainEqual(answersOf(await site.get(at(id))));
  });

  test('a form that is deleted while answers come: kept and gone, or refused', async () => {
    const id = await join();
    for (let round = 0; round < 5; round += 1) {
      const [channels, size] = await ask();
      const answers = await Promise.all([
        ...Array.from({ length: 10 }, () =>
          submit(id, { ...said([channels, ['Blog']], [size, '1']), mark_complete: true }),
        ),
        site.send('DELETE', PATH, undefined),
        ...Array.from({ length: 10 }, () => submit(id, said([channels, ['Mail']]))),
      ]);
      expect(answers.filter(({ status }) => status !== 200 && status !== 404)).toEqual([]);
      expect(await site.stage.ask('SELECT 1 FROM onboarding_answers WHERE workspace_id = $1')).toEqual([]);
    }
  });

  test('questions change while answers come: every answer is to a question that was asked', async () => {
    const [channels, size] = await ask();
    await submit(await join(), said([channels, ['Blog']]));
    const id = await join();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 2 === 0
          ? change({
              questions:
                index % 4 === 0
                  ? [{ ...SIZE, id: size }]
                  : [
                      { ...CHANNELS, id: channels },
                      { ...SIZE, id: size },
                    ],
            })
          : submit(id, said([channels, [`${index}`]], [size, '1'])),
      ),
    );
    expect(answers.filter(({ status }) => status !== 200 && status !== 400)).toEqual([]);
    expect(answers.filter(({ status }, index) => index % 2 === 0 && status !== 200)).toEqual([]);
  });
});

describe('onboarding_completed of an affiliate', () => {
  test('may be said when they are made and changed; without it, it is false and stays', async () => {
    expect((await affiliate(await join()))['onboarding_completed']).toBe(false);
    const id = await join({ onboarding_completed: true });
    expect((await affiliate(id))['onboarding_completed']).toBe(true);
    const put = (body: Fields): Promise<Answer> => site.send('PUT', `/v1/affiliates/${id}`, JSON.stringify(body));
    for (const [body, shown] of [
      [{ name: 'Zoe' }, true],
      [{ onboarding_completed: null }, true],
      [{ onboarding_completed: false }, false],
      [{ company_name: 'Zoe & Co' }, false],
      [{ onboarding_completed: true }, true],
    ] as const)
      expect((await put(body)).body.data['onboarding_completed']).toBe(shown);
    expect(errorOf(await put({ onboarding_completed: 'yes' }))).toEqual([
      400,
      'VALIDATION_ERROR',
      'onboarding_completed',
    ]);
  });

  test('is what was said last: taken back it is false, marked again true, and the moment stays', async () => {
    const [channels, size] = await ask();
    const id = await join();
    const { body } = await submit(id, { ...said([channels, ['Blog']], [size, '1']), mark_complete: true });
    await site.send('PUT', `/v1/affiliates/${id}`, '{"onboarding_completed":false}');
    expect((await affiliate(id))['onboarding_completed']).toBe(false);
    site.stage.clock.now += 1000;
    const again = await submit(id, { responses: [], mark_complete: true });
    expect(again.body.data['completed_at']).toBe(body.data['completed_at']);
    expect((await affiliate(id))['onboarding_completed']).toBe(true);
  });

  test('is false again without the form, but for who was said to be done, before or after', async () => {
    const [channels, size] = await ask();
    const marked = { ...said([channels, ['Blog']], [size, '1']), mark_complete: true };
    const put = (id: string, onboarding_completed: boolean): Promise<Answer> =>
      site.send('PUT', `/v1/affiliates/${id}`, JSON.stringify({ onboarding_completed }));
    const shown = async (id: string) => (await affiliate(id))['onboarding_completed'];
    const [form, before, after, never] = [
      await join({ company_name: 'Zoe & Co' }),
      await join({ onboarding_completed: true }),
      await join(),
      await join(),
    ];
    for (const id of [form, before, after, never]) await submit(id, marked);
    await put(after, true);
    await put(never, false);
    expect(await Promise.all([form, before, after, never].map(shown))).toEqual([true, true, true, false]);
    await site.send('DELETE', PATH, undefined);
    expect(await Promise.all([form, before, after, never].map(shown))).toEqual([false, true, true, false]);
    expect((await affiliate(form))['company_name']).toBe('Zoe & Co');
    await ask();
    expect(await shown(form)).toBe(false);
  });

  test('earns nothing and decides nothing: no new version of the rules', async () => {
    const version = (): Promise<unknown> =>
      site.stage.ask('SELECT rules_version FROM workspaces WHERE workspace_id = $1');
    const [channels, size] = await ask();
    const id = await join();
    const before = await version();
    await submit(id, { ...said([channels, ['Blog']], [size, '1']), mark_complete: true });
    expect(await version()).toEqual(before);
  });
});

describe('expand=onboardingResponses', () => {
  test('shows what GET onboarding-responses shows, of one and of a list', async () => {
    const [channels, size] = await ask();
    const [id, silent] = [await join(), await join()];
    await submit(id, { ...said([channels, ['Blog']], [size, '1']), mark_complete: true });
    for (const one of [id, silent]) {
      const own = (await site.get(at(one))).body.data;
      expect((await affiliate(one, '?expand=onboardingResponses'))['onboardingResponses']).toEqual(own);
      const list = (await site.get('/v1/affiliates?expand=promoCodes,onboardingResponses')).body
        .data as unknown as readonly Fields[];
      expect(list.find((row) => row['id'] === one)?.['onboardingResponses']).toEqual(own);
    }
  });

  test('null without a form; without expand there is no such field', async () => {
    const id = await join();
    expect((await affiliate(id, '?expand=onboardingResponses'))['onboardingResponses']).toBeNull();
    expect(Object.keys(await affiliate(id))).not.toContain('onboardingResponses');
  });
});
