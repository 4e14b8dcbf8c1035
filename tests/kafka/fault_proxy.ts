// A proxy between clients and a broker that injects network faults.
import { connect, createServer, type Server, type Socket } from "node:net";

/** What happens to bytes. */
export type Fault =
  /** They pass through. */
  | "none"
  /**
   * The connection is closed in the middle of the next answer: half of it is sent, then both sides are
   * closed.
   */
  | "cut answers"
  /** The same with the next request. */
  | "cut requests"
  /**
   * The client sees the end of the stream, but its own bytes still pass: half of the connection is closed.
   */
  | "half close"
  /** They pass later. */
  | "delay"
  /** They are dropped, and the connection stays open. */
  | "black hole";

const DELAY_MS = 150;

interface Pair {
  client: Socket;
  broker: Socket;
}

/** A proxy to one broker. */
export class FaultProxy {
  /** What happens from now on. */
  fault: Fault = "none";
  /** How often it happened. */
  readonly counts = new Map<Fault, number>();
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Where the broker listens. */
  target = 0;

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#serve(client));
  }

  /** Starts it on a port, or on a free one. */
  static async start(port = 0): Promise<FaultProxy> {
    const proxy = new FaultProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(port, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const pair of this.#pairs) this.#end(pair);
    await closed;
  }

  #serve(client: Socket): void {
    const broker = connect({ port: this.target, host: "127.0.0.1", allowHalfOpen: true });
    const pair = { client, broker };
    this.#pairs.add(pair);
    this.#forward(pair, client, broker, "cut requests");
    this.#forward(pair, broker, client, "cut answers");
    // If a side closes, both are closed, unless the proxy itself closed half of the connection.
    client.on("end", () => broker.end());
    broker.on("end", () => client.end());
    for (const socket of [client, broker]) {
      socket.on("error", () => this.#end(pair));
      socket.on("close", () => this.#end(pair));
    }
  }

  #forward(pair: Pair, from: Socket, to: Socket, cut: Fault): void {
    from.on("data", (chunk) => {
      const { fault } = this;
      if (fault === cut) {
        this.#count(fault);
        to.write(chunk.subarray(0, chunk.length >> 1), () => this.#end(pair));
      } else if (fault === "half close" && to === pair.client) {
        this.#count(fault);
        to.end();
      } else if (fault === "delay") {
        this.#count(fault);
        setTimeout(() => !to.destroyed && to.write(chunk), DELAY_MS);
      } else if (fault === "black hole") this.#count(fault);
      else if (!to.destroyed && !to.writableEnded) to.write(chunk);
    });
  }

  #count(fault: Fault): void {
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.broker.destroy();
  }
}
