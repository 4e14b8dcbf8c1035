// A host of commands that is not a process.
import { Readable, Writable } from "node:stream";
import type { Host } from "../../src/ctl/console/host.ts";
import { StandardError } from "../../src/ctl/console/standard_error.ts";

/** A host, and what a command wrote to it. */
export function hostWith(
  environment: Host["environment"],
  signal: AbortSignal,
): { host: Host; written: { out: string; error: string } } {
  const written = { out: "", error: "" };
  const stream = (name: keyof typeof written): Writable =>
    new Writable({
      write(chunk, _, done) {
        written[name] += String(chunk);
        done();
      },
    });
  const host: Host = {
    input: Readable.from([]),
    output: stream("out"),
    error: new StandardError(() => stream("error")),
    environment,
    watchSignals: () => ({ signal, dispose: () => {} }),
  };
  return { host, written };
}
