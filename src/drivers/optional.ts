/**
 * Drivers that a program loads explicitly, because they need packages that most programs do not. Their imports are
 * hidden from tools that follow imports before a program runs (JSR, Deno, bundlers), so that unused packages are
 * not downloaded.
 *
 * @module
 */
import { ModuleLoadError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { DriverInterface } from "../contract.ts";

interface KafkaModule {
  openKafka(options: JsonObject): Promise<DriverInterface>;
}

const ENTRY_POINT = "@diaspora/stream/kafka";

/** Possible locations of the driver: beside this file in the sources, in a package, or in a compiled program. */
function places(): string[] {
  const own: string | undefined = import.meta.url;
  // A bundler has made a script of this file.
  if (own === undefined) return [ENTRY_POINT];
  // A program from JSR declares what it downloads in its own imports.
  if (!own.startsWith("file:")) return [];
  return [new URL(own.endsWith(".ts") ? "../kafka/mod.ts" : "./kafka.js", own).href, ENTRY_POINT];
}

/** Opens the `kafka` driver if it is available without having been imported. */
export async function openKafkaIfInstalled(name: string, options: JsonObject): Promise<DriverInterface> {
  let cause: unknown;
  for (const place of places()) {
    let module: KafkaModule;
    try {
      module = await import(/* @vite-ignore */ /* webpackIgnore: true */ place);
    } catch (error) {
      cause = error;
      continue;
    }
    return await module.openKafka(options);
  }
  throw new ModuleLoadError(
    ENTRY_POINT,
    `Cannot open driver "${name}": it is not loaded; add this line to the program: ` +
      `import "${places().length === 0 ? "jsr:" : ""}${ENTRY_POINT}"`,
    { cause },
  );
}
