/** A bare Koa endpoint that only reads the body and verifies: what HTTP and the signature cost without us. */
import Koa from 'koa';
import { stripe } from '../../src/providers/stripe/index.ts';
import { SECRET } from './material.ts';

const app = new Koa();
app.use(async (ctx) => {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  const verified = stripe.verify(Buffer.concat(chunks), ctx.req.headers, [SECRET], Date.now());
  ctx.status = 'rejected' in verified ? 400 : 200;
  ctx.body = { received: true };
});
const server = app.listen(Number(process.env['PORT']), '127.0.0.1', () => console.log('listening'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
