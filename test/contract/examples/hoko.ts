/** One call of each of Hoko's operations that succeeds. */
import type { Example, ExampleStage } from './example.ts';

const BROWSER = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36';

type Row = Readonly<Record<string, unknown>> & { readonly id: string };

const NEW: Readonly<Record<string, (stage: ExampleStage) => Promise<Record<string, unknown>>>> = {
  collections: ({ fresh }) => Promise.resolve({ name: fresh('Campaign'), description: 'All links of a campaign' }),
  tags: ({ fresh }) => Promise.resolve({ name: fresh('Tag'), color: 'blue' }),
  partners: ({ fresh }) =>
    Promise.resolve({
      name: fresh('Partner'),
      email: `${fresh('partner')}@example.com`.toLowerCase(),
      phone: '+1234567890',
    }),
  links: async (stage) => ({
    url: `https://example.com/${stage.fresh('page')}`,
    collectionId: (await make(stage, 'collections')).id,
    title: 'Spring',
    description: 'Of the spring campaign',
    image: 'https://example.com/spring.png',
    utm: { source: 'newsletter', medium: 'email', campaign: 'spring' },
    externalId: stage.fresh('external'),
    tenantId: stage.fresh('tenant'),
    partnerId: (await make(stage, 'partners')).id,
  }),
};

const fieldsOf = (stage: ExampleStage, kind: string): Promise<Record<string, unknown>> =>
  NEW[kind]?.(stage) ?? Promise.resolve({});

async function make(stage: ExampleStage, kind: string): Promise<Row> {
  const made = await stage.call('POST', { path: `/api/${kind}`, body: [await fieldsOf(stage, kind)] });
  return (made.body as unknown as readonly Row[])[0] as Row;
}

/** A link that somebody followed. */
async function click(stage: ExampleStage): Promise<{ readonly link: Row; readonly clickId: string }> {
  const link = await make(stage, 'links');
  const answer = await fetch(String(link['shortUrl']), { redirect: 'manual', headers: { 'user-agent': BROWSER } });
  const clickId = new URL(answer.headers.get('location') ?? 'none:').searchParams.get('hoko_id') ?? '';
  return { link, clickId };
}

const customer = ({ fresh }: ExampleStage) => ({
  customerExternalId: fresh('customer'),
  customerName: 'John Doe',
  customerEmail: `${fresh('john')}@example.com`,
  customerAvatar: 'https://example.com/john.png',
});

async function lead(stage: ExampleStage): Promise<ReturnType<typeof customer>> {
  const who = customer(stage);
  const { clickId } = await click(stage);
  await stage.call('POST', { path: '/api/track/lead', body: { ...who, clickId, eventName: 'Signed up' } });
  return who;
}

function ofKind(kind: string, change: Record<string, unknown>): Example[] {
  const path = `/api/${kind}`;
  return [
    {
      operation: `GET ${path}`,
      status: 200,
      prepare: async (stage) => ({ path: `${path}?id=${(await make(stage, kind)).id}&take=10&skip=0&sort=asc` }),
    },
    {
      operation: `POST ${path}`,
      status: 201,
      prepare: async (stage) => ({ path, body: [await fieldsOf(stage, kind), await fieldsOf(stage, kind)] }),
    },
    {
      operation: `PUT ${path}`,
      status: 200,
      prepare: async (stage) => {
        const { id } = await make(stage, kind);
        return { path, body: [{ id, ...change }, await fieldsOf(stage, kind)] };
      },
    },
    {
      operation: `DELETE ${path}`,
      status: 200,
      prepare: async (stage) => ({ path, body: [(await make(stage, kind)).id, (await make(stage, kind)).id] }),
    },
  ];
}

export const examples: readonly Example[] = [
  {
    operation: 'POST /api/track/lead',
    status: 201,
    async prepare(stage) {
      const { clickId } = await click(stage);
      const body = { ...customer(stage), clickId, eventName: 'Signed up', metadata: { plan: 'pro' } };
      return { path: '/api/track/lead', body };
    },
  },
  {
    operation: 'POST /api/track/sale',
    status: 201,
    async prepare(stage) {
      const said = { currency: 'usd', eventName: 'Invoice paid', metadata: { invoiceId: stage.fresh('inv') } };
      return { path: '/api/track/sale', body: { ...(await lead(stage)), amount: 12_900, ...said } };
    },
  },
  ...ofKind('links', { title: 'Summer', utm: { campaign: 'summer' }, partnerId: null }),
  ...ofKind('collections', { name: 'Renamed' }),
  ...ofKind('tags', { color: 'green' }),
  ...ofKind('partners', { name: 'Renamed', phone: null }),
  {
    operation: 'GET /api/customers',
    status: 200,
    async prepare(stage) {
      const { customerExternalId } = await lead(stage);
      return { path: `/api/customers?externalId=${customerExternalId}&take=10` };
    },
  },
  {
    operation: 'GET /api/analytics',
    status: 200,
    async prepare(stage) {
      const { link } = await click(stage);
      const dates = 'startDate=2024-01-01T00:00:00Z&endDate=2099-01-31T23:59:59Z';
      return { path: `/api/analytics?linkId=${link.id}&${dates}&take=50` };
    },
  },
];
