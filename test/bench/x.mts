import { startTestServer, cloneDatabase } from '../support/server.ts';
import { prepare } from './material.ts';
import { sampleEvent, steps } from './steps.ts';
import pg from 'pg';
const server = await startTestServer({durable:true});
const on = await cloneDatabase(server, {poolSize: 4});
await prepare(on.database.pool, 'default');
await steps(on);
const sample = await sampleEvent(on);
const c = new pg.Client(on.url); await c.connect();
await c.query("LOAD 'auto_explain'; SET auto_explain.log_min_duration=0; SET auto_explain.log_analyze=on; SET auto_explain.log_buffers=on; SET auto_explain.log_triggers=on; SET auto_explain.log_timing=on; SET client_min_messages=log; SET plan_cache_mode=force_generic_plan");
c.on('notice', (n) => console.log(n.message));
const vals = sample.values.map((v) => v);
// make unique
const uniq = (v: unknown, k: number) => typeof v === 'string' && (v === sample.event || v.includes('in_bench5000000') && v.length < 60 || /^(pay|com|earn|tr)_/.test(v)) ? v + 'x' + k : v;
for (let k = 0; k < 3; k++) { try { const t = performance.now(); await c.query({ name: 'p', text: sample.text.replace('customers.version = excluded.version - 1', 'true'), values: vals.map((v) => uniq(v, k)) }); console.log('ms', performance.now() - t); } catch (e) { console.log(String(e)); } }
await c.end(); await on.drop(); await server.stop();
