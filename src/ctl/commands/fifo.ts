import process from "node:process";
import { NotSupportedError } from "../../errors.ts";
import type { Invocation } from "../command.ts";
import { openDriver } from "../connect.ts";
import { EXIT } from "../exit_codes.ts";
import { FifoDaemon } from "../fifo/daemon.ts";

/** Runs the FIFO daemon. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, console, signal } = invocation;
  if (process.platform === "win32") {
    throw new NotSupportedError(
      'Cannot run the FIFO daemon: Windows has no FIFOs; use "produce" and "consume"',
    );
  }
  await using driver = await openDriver(invocation);
  await new FifoDaemon({ driver, log: console.log, signal }).run(args.text("control-file")!);
  return EXIT.ok;
}
