import { startTestServer, cloneDatabase } from './support/server.ts';
import { openSite, furnish } from './web/site.ts';
import http from 'node:http';
const server = await startTestServer({ durable: true });
const db = await cloneDatabase(server, { poolSize: 16 });
const site = await openSite(db);
await furnish(site.stage);
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
function post(path: string, body: string, headers: Record<string,string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const r = http.request(site.url + path, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers } }, (res) => { res.resume(); res.on('end', () => resolve(res.statusCode ?? 0)); });
    r.on('error', reject); r.end(body);
  });
}
async function run(name: string, seconds: number, call: (n: number) => Promise<number>) {
  const end = Date.now() + seconds * 1000; let n = 0; const codes: Record<string, number> = {};
  const cpu0 = process.cpuUsage(); const t0 = performance.now();
  await Promise.all(Array.from({ length: 16 }, async () => { while (Date.now() < end) { const c = await call(n++); codes[c] = (codes[c] ?? 0) + 1; } }));
  const cpu = process.cpuUsage(cpu0); const dt = (performance.now() - t0) / 1000;
  console.log(name, Math.round(n / dt) + '/s', 'cpu us/req (client+server)', Math.round((cpu.user + cpu.system) / n), codes);
}
const auth = { authorization: `Bearer ${site.live}` };
await run('warm', 2, (n) => post('/v1/conversions', JSON.stringify({ referral_id: 'ref_1', customer_id: `w${n}`, sale_amount: 99, external_event_id: `w${n}` }), auth));
await run('sell', 6, (n) => post('/v1/conversions', JSON.stringify({ referral_id: 'ref_1', customer_id: `c${n}`, sale_amount: 99, external_event_id: `o${n}`, price_ids: ['price_1'] }), auth));
await run('sell same customer', 4, (n) => post('/v1/conversions', JSON.stringify({ customer_id: `c1`, sale_amount: 99, external_event_id: `s${n}`, price_ids: ['price_1'] }), auth));
await run('replay', 4, (n) => post('/v1/conversions', JSON.stringify({ referral_id: 'ref_1', customer_id: `c${n%1000}`, sale_amount: 99, external_event_id: `o${n%1000}`, price_ids: ['price_1'] }), auth));
await run('bad signature', 4, () => post('/webhooks/stripe', '{"id":"evt_1"}'.padEnd(3000), { 'stripe-signature': `t=${Math.floor(site.stage.clock.now/1000)},v1=${'0'.repeat(64)}` }));
await run('refused', 3, () => post('/v1/conversions', '{"sale_amount":"99"}', auth));
await run('click', 3, () => post('/v1/clicks', '{"trackingId":"jane"}', auth));
agent.destroy(); await site.close(); await db.drop(); await server.stop();
