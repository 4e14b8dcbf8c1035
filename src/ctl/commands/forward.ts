import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Invocation } from "../command.ts";
import { modulesOf } from "../connect.ts";
import { absolutePath, ROOT_PATH_DEFAULT } from "../../drivers/files/root_path.ts";
import { EXIT } from "../exit_codes.ts";
import { parseForwardConfig } from "../forward/config.ts";
import { Endpoints } from "../forward/endpoints.ts";
import { runForward } from "../forward/forwarder.ts";
import { loadPlugins } from "../forward/plugins.ts";
import { oneLine } from "../report.ts";
import { fileError } from "../usage_error.ts";

/** Runs the forwarding daemon. */
export async function run({ args, console, signal }: Invocation): Promise<number> {
  const path = args.text("config")!;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw fileError("read", path, "--config", cause);
  }
  const config = parseForwardConfig(text, path);
  const jobs = await Promise.all(config.policies.map(async (policy) => {
    return { policy, plugins: await loadPlugins(policy, resolve(path)) };
  }));
  const endpoints = new Endpoints(config, path, modulesOf(args));
  const { log } = console;
  try {
    for (const { from, to } of config.policies) {
      for (const endpoint of [from, to]) {
        try {
          await (await endpoints.open(endpoint)).close();
        } catch (error) {
          // An invalid file does not become valid by waiting; an unavailable engine may come back.
          if ((error as { canRetry?: boolean }).canRetry !== true) throw error;
          log.warn(oneLine(error));
        }
      }
    }
    for (const [name, { type, options }] of config.drivers) {
      if (type !== "files" || options.root_path !== undefined) continue;
      const root = absolutePath(ROOT_PATH_DEFAULT);
      log.warn(
        `No store is named for driver "${name}": using "${root}"; name one with "root_path" in its options`,
      );
    }
    await Promise.all(jobs.map(({ policy, plugins }) =>
      runForward({
        policy,
        plugins,
        open: (endpoint) => endpoints.open(endpoint),
        log,
        signal,
      })
    ));
  } finally {
    await endpoints.close();
  }
  return EXIT.ok;
}
