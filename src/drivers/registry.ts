import { loadExport, parseNameAndModule } from "../components/modules.ts";
import type { DriverInterface } from "./contract.ts";
import { InvalidOptionError, ModuleLoadError, UnknownDriverError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { withAbsoluteRoot } from "./files/root_path.ts";
import { openKafkaIfThere } from "./optional.ts";

/** Makes a driver from its configuration document. */
export type DriverFactory = (options: JsonObject) => DriverInterface | Promise<DriverInterface>;

// Loaded when first opened: nobody pays for an engine that is not used.
const factories = new Map<string, DriverFactory>([
  ["files", openFiles],
  ["octopus", (options) => openKafkaIfThere("octopus", options)],
  ["kafka", (options) => openKafkaIfThere("kafka", options)],
  ["memory", async (options) => new (await import("./memory/driver.ts")).MemoryDriver(options)],
]);

async function openFiles(options: JsonObject): Promise<DriverInterface> {
  // Before anything is waited for: meanwhile the program may change its working directory.
  const absolute = withAbsoluteRoot(options);
  return new (await import("./files/driver.ts")).FilesDriver(absolute);
}

/**
 * Makes drivers of that name known to {@linkcode Driver.open}; replaces the one of that name, if any.
 *
 * @example
 * ```ts
 * import { type DriverInterface, type JsonObject, registerDriver } from "@diaspora/stream";
 *
 * function openSatellite(options: JsonObject): DriverInterface {
 *   throw new Error(`no satellite in sight of dish ${options.dish}`);
 * }
 * registerDriver("satellite", openSatellite); // from now on Driver.open("satellite", { dish: 2 }) calls it
 * ```
 */
export function registerDriver(name: string, factory: DriverFactory): void {
  if (typeof name !== "string" || name === "" || name.includes(":")) {
    throw new InvalidOptionError(
      "name",
      `Cannot register driver ${JSON.stringify(name)}: expected a name without a colon`,
    );
  }
  factories.set(name, factory);
}

/** The names that {@linkcode Driver.open} knows. */
export function driverNames(): string[] {
  return [...factories.keys()].sort();
}

/** Makes the driver of that name; throws `UnknownDriverError` or, for `name:module`, `ModuleLoadError`. */
export async function makeDriver(name: string, options: JsonObject): Promise<DriverInterface> {
  const factory = factories.get(name) ?? await loadFactory(String(name));
  return await factory(options);
}

async function loadFactory(reference: string): Promise<DriverFactory> {
  const { name, module } = parseNameAndModule(reference);
  if (name === "" || module === undefined || module === "") {
    throw new UnknownDriverError(reference, driverNames());
  }
  const exported = await loadExport({ what: `driver "${name}"`, module, exportName: name });
  if (typeof exported === "function") {
    return isClass(exported)
      ? (options) => new (exported as new (options: JsonObject) => DriverInterface)(options)
      : exported as DriverFactory;
  }
  if (isDriver(exported)) return () => exported;
  throw new ModuleLoadError(
    module,
    `Cannot load driver "${name}" from "${module}": expected a driver class, a factory function or a driver`,
  );
}

function isClass(value: object): boolean {
  const { prototype } = value as { prototype?: object };
  return prototype !== undefined && isDriver(prototype);
}

function isDriver(value: unknown): value is DriverInterface {
  return typeof value === "object" && value !== null && "openTopic" in value && "createTopic" in value;
}
