/** A connection to a server that can be cut, as if the server ended or a cable was pulled. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A relay to the page's server. */
export interface Relay extends AsyncDisposable {
  /** URL of the page through it, ending with a slash. */
  url: string;
  /** Closes every connection, and each new one at once. */
  cut(): void;
  /** Relays again, to a server that may be another one. */
  restore(to?: string): void;
}

/** Relays to the server at an address. It keeps its port while it is cut: another process could get it. */
export async function relay(to: string): Promise<Relay> {
  let target = Number(new URL(to).port);
  let isCut = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    near.on("error", () => {});
    if (isCut) return void near.destroy();
    const far = connect(target, "127.0.0.1");
    far.on("error", () => {});
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}/`,
    cut,
    restore: (to) => {
      if (to !== undefined) target = Number(new URL(to).port);
      isCut = false;
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
