/**
 * A load generator that costs little: requests are complete buffers made beforehand, answers are only counted. Closed
 * loop: each connection sends its next request when the answer to the last one came.
 */
import net from 'node:net';

export type Volley = {
  readonly count: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly byStatus: Readonly<Record<string, number>>;
};

/** One HTTP/1.1 request, whole. Loopback only. */
export function shot(method: string, path: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ host: '127.0.0.1', 'content-length': String(bytes.length), ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

/** Sends every shot once over `connections` keep-alive connections and waits for every answer. */
export async function fire(port: number, shots: readonly Buffer[], connections: number): Promise<Volley> {
  const next = { index: 0 };
  const times: number[] = [];
  const byStatus: Record<string, number> = {};
  const begin = performance.now();
  await Promise.all(Array.from({ length: connections }, () => gunner(port, shots, next, times, byStatus)));
  const seconds = (performance.now() - begin) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { count: shots.length, seconds, perSecond: shots.length / seconds, p50: at(0.5), p99: at(0.99), byStatus };
}

function gunner(
  port: number,
  shots: readonly Buffer[],
  next: { index: number },
  times: number[],
  byStatus: Record<string, number>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let sent = 0;
    let pending = '';
    const send = (): void => {
      const bytes = shots[next.index];
      next.index += 1;
      if (!bytes) {
        socket.end();
        return resolve();
      }
      sent = performance.now();
      socket.write(bytes);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      const head = pending.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0);
      if (pending.length < head + 4 + length) return;
      const status = pending.slice(9, 12);
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      times.push(performance.now() - sent);
      pending = '';
      send();
    });
  });
}
