/**
 * Drivers that a program loads by a line of its own, for they need packages that most programs do without. Their
 * imports are hidden from tools that follow imports before a program runs (JSR, Deno, bundlers), so that no one
 * downloads what is not used.
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

/** Where the driver may lie: beside this file as a source, beside it in a package, or in a compiled program. */
function places(): string[] {
  const own = import.meta.url;
  // A program from JSR says in its imports what it downloads.
  if (!own.startsWith("file:")) return [];
  return [new URL(own.endsWith(".ts") ? "../kafka/mod.ts" : "./kafka.js", own).href, ENTRY_POINT];
}

/** Opens the `kafka` driver where it is there without having been imported. */
export async function openKafkaIfThere(name: string, options: JsonObject): Promise<DriverInterface> {
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
