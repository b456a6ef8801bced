/**
 * A wire to PostgreSQL that can be cut at the worst moment: after the statement that posts has committed, before its
 * answer arrives. The client then cannot know what happened.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Wire = {
  /** The database's address, through the wire. */
  readonly url: string;
  /** The next `times` statements that post commit, and their answers are lost with their connections. */
  arm(times: number): void;
  /** How many answers were lost so far. */
  cuts(): number;
  close(): Promise<void>;
};

type State = { armed: number; cuts: number };

export async function layWire(databaseUrl: string): Promise<Wire> {
  const target = new URL(databaseUrl);
  const state: State = { armed: 0, cuts: 0 };
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    }
    join(client, upstream, state);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    arm: (times) => (state.armed = times),
    cuts: () => state.cuts,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Forwards both ways, and holds back the answer to a statement that posts until its fate is known. */
function join(client: Socket, upstream: Socket, state: State): void {
  const asked = messages(true);
  const answered = messages(false);
  const own: { held: Buffer[]; failed: boolean; posting: boolean } = {
    held: [],
    failed: false,
    posting: false,
  };
  const end = (): void => {
    client.destroy();
    upstream.destroy();
  };
  for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  client.on('data', (bytes: Buffer) => {
    for (const { type, body } of asked(bytes))
      if (type === 'B' && statementOf(body).startsWith('post_')) own.posting = true;
    upstream.write(bytes);
  });
  upstream.on('data', (bytes: Buffer) => {
    const heard = answered(bytes);
    if (!own.posting) return void client.write(bytes);
    own.held.push(bytes);
    if (heard.some(({ type }) => type === 'E')) own.failed = true;
    // The transaction has committed when the server is ready for the next query, not when the command is complete.
    if (!heard.some(({ type }) => type === 'Z')) return;
    if (!own.failed && state.armed > 0) {
      state.armed -= 1;
      state.cuts += 1;
      return end();
    }
    client.write(Buffer.concat(own.held));
    Object.assign(own, { held: [], failed: false, posting: false });
  });
}

/** A Bind message names a portal, then the statement. */
function statementOf(body: Buffer): string {
  const from = body.indexOf(0) + 1;
  return body.toString('latin1', from, body.indexOf(0, from));
}

type Message = { readonly type: string; readonly body: Buffer };

/** Cuts a stream into protocol messages: a letter, four bytes of length, the body. The client's first has no letter. */
function messages(startsBare: boolean): (bytes: Buffer) => Message[] {
  let rest: Buffer = Buffer.alloc(0);
  let bare = startsBare;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const found: Message[] = [];
    for (;;) {
      const head = bare ? 0 : 1;
      if (rest.length < head + 4) return found;
      const end = head + rest.readInt32BE(head);
      if (rest.length < end) return found;
      found.push({
        type: bare ? '' : String.fromCharCode(rest[0] ?? 0),
        body: rest.subarray(head + 4, end),
      });
      rest = rest.subarray(end);
      bare = false;
    }
  };
}
