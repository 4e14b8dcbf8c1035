import { createServer } from "node:net";

/**
 * Below those that systems take for outgoing connections: a port of a broker that is down for a moment is then
 * no one's, not even that of a client that tries to reach it.
 */
const FIRST = 12_000;
const LAST = 32_000;

/** Ports of this machine that no one listens on; chosen by chance, since others choose at the same time. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
