import { isClass, loadExport, parseNameAndModule } from "../components/modules.ts";
import type { DriverInterface } from "../contract.ts";
import { ModuleLoadError, UnknownDriverError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { checkRegistration } from "../options.ts";
import { withAbsoluteRoot } from "./files/root_path.ts";
import { openKafkaIfInstalled } from "./optional.ts";

/** Creates a driver from its configuration document. */
export type DriverFactory = (options: JsonObject) => DriverInterface | Promise<DriverInterface>;

/** What {@linkcode registerDriver} accepts besides the factory. */
export interface DriverRegistration {
  /**
   * Options whose values are never shown, besides those with telling names (`password`, `api_key`, …). Use dots
   * for a key in an object: `"login.pin"`. A driver loaded as `name:module` exports them as `secretOptions`.
   */
  secretOptions?: readonly string[];
}

const secretOptions = new Map<string, readonly string[]>();

// Loaded on first use, so that unused engines cost nothing.
const factories = new Map<string, DriverFactory>([
  ["files", openFiles],
  ["octopus", (options) => openKafkaIfInstalled("octopus", options)],
  ["kafka", (options) => openKafkaIfInstalled("kafka", options)],
  ["memory", async (options) => new (await import("./memory/driver.ts")).MemoryDriver(options)],
]);

async function openFiles(options: JsonObject): Promise<DriverInterface> {
  // Before anything is awaited: the program may change its working directory in the meantime.
  const absolute = withAbsoluteRoot(options);
  return new (await import("./files/driver.ts")).FilesDriver(absolute);
}

/**
 * Registers a driver name with {@linkcode Driver.open}, replacing any previous one of that name.
 *
 * @example
 * ```ts
 * import { type DriverInterface, type JsonObject, registerDriver } from "@diaspora/stream";
 *
 * function openSatellite(options: JsonObject): DriverInterface {
 *   throw new Error(`no satellite in sight of dish ${options.dish}`);
 * }
 * // From now on Driver.open("satellite", { dish: 2, pin: 1234 }) calls it, and nothing ever shows the pin.
 * registerDriver("satellite", openSatellite, { secretOptions: ["pin"] });
 * ```
 */
export function registerDriver(
  name: string,
  factory: DriverFactory,
  registration: DriverRegistration = {},
): void {
  checkRegistration("driver", name, factory);
  factories.set(name, factory);
  secretOptions.set(name, registration.secretOptions ?? []);
}

/** The names known to {@linkcode Driver.open}. */
export function driverNames(): string[] {
  return [...factories.keys()].sort();
}

/** Creates the driver of that name; throws `UnknownDriverError` or, for `name:module`, `ModuleLoadError`. */
export async function makeDriver(name: string, options: JsonObject): Promise<DriverInterface> {
  const factory = factories.get(name) ?? await loadFactory(typeof name === "string" ? name : "");
  return await factory(options);
}

/** The options that a driver marks as secrets; loads a driver given as `name:module`. */
export async function secretOptionsOf(name: string): Promise<readonly string[]> {
  if (factories.has(name)) return secretOptions.get(name) ?? [];
  const marked = (await loadDriver(name) as { secretOptions?: unknown }).secretOptions;
  return Array.isArray(marked) ? marked.filter((key) => typeof key === "string") : [];
}

async function loadFactory(reference: string): Promise<DriverFactory> {
  const exported = await loadDriver(reference);
  if (typeof exported === "function") {
    return isClass(exported, isDriver)
      ? (options) => new (exported as unknown as new (options: JsonObject) => DriverInterface)(options)
      : exported;
  }
  return () => exported;
}

/** A driver exported by a module: a class, a factory or the driver itself. */
async function loadDriver(reference: string): Promise<DriverInterface | DriverFactory> {
  const { name, module } = parseNameAndModule(reference);
  if (name === "" || module === undefined || module === "") {
    throw new UnknownDriverError(reference, driverNames());
  }
  const exported = await loadExport({ what: `driver "${name}"`, module, exportName: name });
  if (typeof exported === "function") return exported as DriverFactory;
  if (isDriver(exported)) return exported;
  throw new ModuleLoadError(
    module,
    `Cannot load driver "${name}" from "${module}": expected a driver class, a factory function or a driver`,
  );
}

function isDriver(value: unknown): value is DriverInterface {
  return typeof value === "object" && value !== null && "openTopic" in value && "createTopic" in value;
}
