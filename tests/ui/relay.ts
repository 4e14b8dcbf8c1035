/** A connection to a server that can be cut, as if the server ended or a cable was pulled. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A relay to the page's server. */
export interface Relay extends AsyncDisposable {
  /** URL of the page through it, ending with a slash. */
  url: string;
  /** Closes every connection, and accepts no more. */
  cut(): void;
  /** Accepts connections again, at the same address. */
  restore(): Promise<void>;
}

/** Relays to the server at an address. */
export async function relay(to: string): Promise<Relay> {
  const target = Number(new URL(to).port);
  const sockets = new Set<Socket>();
  const open = async (port: number): Promise<Server> => {
    const server = createServer((near) => {
      const far = connect(target, "127.0.0.1");
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  let server = await open(0);
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}/`,
    cut,
    restore: async () => {
      server = await open(port);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(cut()),
  };
}
