import process from "node:process";
import { EXIT } from "../exit_codes.ts";

/** How long a command may take to flush and close after the first signal. */
const SHUTDOWN_MS_MAX = 15_000;

/**
 * A signal aborted by SIGINT and SIGTERM, so that the command can flush and close. A second one, or a timeout,
 * ends the process at once.
 */
export function watchSignals(): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    setTimeout(() => process.exit(EXIT.interrupted), SHUTDOWN_MS_MAX).unref();
    controller.abort();
  };
  // Not SIGHUP: a daemon started with nohup ignores it, and a listener would undo that.
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
