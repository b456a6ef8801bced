import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Connections of a sender that waits for a closed door to open again. Without it, 32 requests at once knock thousands
 * of times at a service that is just starting, and the machine is busy with that. A request that breaks under way is
 * lost all the same, and sent again by whoever sent it.
 */
export class PatientAgent extends Agent {
  override createConnection(
    { port, host }: ClientRequestArgs,
    opened?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    void knock(Number(port), host ?? '127.0.0.1').then((socket) => opened?.(null, socket));
  }
}

async function knock(port: number, host: string): Promise<Socket> {
  for (;;) {
    const socket = connect({ port, host, noDelay: true });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    if (isOpen) return socket;
    await wait(100);
  }
}
