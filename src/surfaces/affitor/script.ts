/** The browser's tracker as a file (apis.md 4.2). */
import { z } from 'zod';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { TRACKER } from './tracker.ts';

const script = route({
  method: 'GET',
  path: '/js/affitor-tracker.js',
  scope: '*',
  keyless: 'always',
  cors: true,
  summary: 'The script for pages of a merchant: visits and sign-ups from the browser.',
  answers: { 200: z.string().describe('JavaScript.') },
  contentType: 'text/javascript; charset=utf-8',
  run: (): Promise<Reply> =>
    Promise.resolve({
      status: 200,
      body: TRACKER,
      headers: { 'Cache-Control': 'public, max-age=3600' },
    }),
});

export const trackerRoutes: readonly Route[] = [script];
