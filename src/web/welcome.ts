/** The page at `/`: what this is, where webhooks go, and the first calls. One small file, no script, no outside link. */
import type { Context } from 'koa';
import { escaped } from './html.ts';
import { keptOf, originOf, type Outside } from './origin.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}
h1{font-size:1.6rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .4rem}
code,pre{font:14px/1.5 ui-monospace,monospace;background:#f3f3f0;border-radius:4px}
code{padding:.1em .3em}pre{padding:.8rem;overflow-x:auto}a{color:#0b57a4}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}code,pre{background:#262624}a{color:#8ab8ea}}`;

function pageFor(url: string): string {
  const at = escaped(url);
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tributary</title><style>${STYLE}</style>
<main>
<h1>Tributary</h1>
<p>Commissions for partners, from Stripe webhooks or API calls to a ledger that can be proven.</p>
<p><a href="/docs">/docs</a> shows every call of every dialect; <a href="/openapi.json">/openapi.json</a> lists the same for machines.</p>
<p><a href="/healthz">/healthz</a> says that it runs, <a href="/readyz">/readyz</a> that it is ready, or what is missing.</p>
<h2>Webhooks</h2>
<p>Paste this address at Stripe and set the signing secret it shows as <code>STRIPE_WEBHOOK_SECRET</code>:</p>
<pre tabindex="0">${at}/webhooks/stripe</pre>
<h2>First calls</h2>
<p>The key was printed at the first start; <code>npm run tributary -- keys create</code> makes another.</p>
<pre tabindex="0">export KEY=sk_live_…

curl ${at}/v1/affiliates -H "Authorization: Bearer $KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"name": "Jane", "email": "jane@example.com"}'

curl ${at}/v1/program/incentives -H "Authorization: Bearer $KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"name": "30 %", "type": "percentage", "amount": 30}'

curl ${at}/v1/clicks -H "Authorization: Bearer $KEY" \\
  -H "Content-Type: application/json" -d '{"trackingId": "jane"}'

curl ${at}/v1/conversions -H "Authorization: Bearer $KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"click_id": "ref_…", "customer_id": "cust_1", "sale_amount": 99, "external_event_id": "order_1"}'

curl ${at}/v1/trace/order_1 -H "Authorization: Bearer $KEY"</pre>
</main></html>
`;
}

export function sayWelcome(ctx: Context, outside: Outside): void {
  ctx.type = 'text/html; charset=utf-8';
  ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Cache-Control', keptOf(outside));
  ctx.body = pageFor(originOf(outside, ctx));
}
