import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import type { JsonObject } from "../../../mod.ts";
import { realPath } from "../../components/stored_module.ts";
import { withAbsoluteRoot } from "../../drivers/files/root_path.ts";
import { nearestName } from "../../options.ts";
import { UsageError } from "../usage_error.ts";

/** A driver in the configuration file. */
interface DriverConfig {
  type: string;
  options: JsonObject;
  line: number;
}

/** A topic of one of the drivers. */
export interface Endpoint {
  driver: string;
  topic: string;
  /** Its text in the file: `driver/topic`. */
  text: string;
  /** The same for every name that the file gives this topic: two drivers may have one store. */
  identity: string;
  line: number;
}

/** What to forward, and where to. */
export interface Policy {
  from: Endpoint;
  to: Endpoint;
  /** Whether several processes with this policy share the partitions. */
  group?: boolean;
  dataSelector?: Plugin;
  dataAllocator?: Plugin;
}

/** A function in a module: `MODULE:EXPORT`. */
export interface Plugin {
  reference: string;
  line: number;
}

/** A complete configuration file. */
export interface ForwardConfig {
  drivers: ReadonlyMap<string, DriverConfig>;
  policies: readonly Policy[];
}

/** Parses the file's text; throws {@linkcode UsageError}, which names the line. */
export function parseForwardConfig(text: string, path: string): ForwardConfig {
  return new ConfigReader(text, path).read();
}

/** An error in a line of the file. */
export function configError(path: string, line: number, message: string, cause?: unknown): UsageError {
  return new UsageError(`"${path}" line ${line}: ${message}`, cause === undefined ? undefined : { cause });
}

class ConfigReader {
  readonly #path: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(text: string, path: string) {
    this.#path = path;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: true }) as Document;
  }

  read(): ForwardConfig {
    const [syntaxError] = this.#document.errors;
    if (syntaxError !== undefined) {
      const [message = ""] = syntaxError.message.split("\n");
      throw configError(
        this.#path,
        syntaxError.linePos?.[0].line ?? 1,
        // Without the part after a colon, and without a cause: they show a part of the file.
        syntaxError.code === "MULTIPLE_DOCS"
          ? 'a second document begins here: remove the line "---"'
          : message.replace(/ at line .*$/, "").replace(/: .*$/, ""),
      );
    }
    const root = this.#document.contents;
    if (!isMap(root)) throw this.#fault(root, 'expected the keys "drivers" and "forward"');
    this.#checkKeys(root, ["drivers", "forward"]);
    const drivers = this.#readDrivers(root);
    return { drivers, policies: this.#readPolicies(root, drivers) };
  }

  #readDrivers(root: YAMLMap): Map<string, DriverConfig> {
    const node = this.#value(root, "drivers");
    if (!isMap(node) || node.items.length === 0) {
      throw this.#fault(
        node ?? root,
        '"drivers" must name at least one driver, each with "type" and "options"',
      );
    }
    return new Map(node.items.map((pair) => {
      const name = this.#keyOf(pair);
      const driver = pair.value;
      if (name.includes("/")) throw this.#fault(pair.key, `a driver's name has no "/", found "${name}"`);
      if (!isMap(driver)) {
        throw this.#fault(driver ?? pair.key, `driver "${name}" must have "type" and "options"`);
      }
      this.#checkKeys(driver, ["type", "options"]);
      const type = this.#text(driver, "type", `driver "${name}"`);
      const options = this.#value(driver, "options");
      if (options !== undefined && !isMap(options)) {
        throw this.#fault(options, `"options" of driver "${name}" must be keys and values`);
      }
      return [name, { type, options: this.#plain(options), line: this.#lineOf(pair.key) }];
    }));
  }

  #plain(options: YAMLMap | undefined): JsonObject {
    try {
      return (options === undefined ? {} : options.toJS(this.#document)) as JsonObject;
    } catch {
      // The parser's message shows the alias, which may be a password that begins with a star.
      throw this.#fault(options, "an alias without an anchor; put text that begins with a star in quotes");
    }
  }

  #readPolicies(root: YAMLMap, drivers: ReadonlyMap<string, DriverConfig>): Policy[] {
    const node = this.#value(root, "forward");
    if (!isSeq(node) || node.items.length === 0) {
      throw this.#fault(node ?? root, '"forward" must be a list of at least one "from" and "to"');
    }
    const seen = new Set<string>();
    const targets = new Map<string, string[]>();
    return node.items.map((item) => {
      if (!isMap(item)) throw this.#fault(item, 'expected "from" and "to"');
      this.#checkKeys(item, ["from", "to", "group", "data_selector", "data_allocator"]);
      const from = this.#endpoint(item, "from", drivers);
      const to = this.#endpoint(item, "to", drivers);
      const pair = `${from.text}->${to.text}`;
      if (from.identity === to.identity) {
        const other = from.text === to.text ? "" : `, which is "${to.text}"`;
        throw this.#fault(item, `"${from.text}" would be forwarded to itself${other}`);
      }
      const edge = `${from.identity}->${to.identity}`;
      if (seen.has(edge)) throw this.#fault(item, `"${pair}" is listed twice`);
      if (leads(targets, to.identity, from.identity)) {
        throw this.#fault(item, `"${pair}" closes a circle, in which events would be forwarded for ever`);
      }
      seen.add(edge);
      targets.set(from.identity, [...targets.get(from.identity) ?? [], to.identity]);
      const dataSelector = this.#plugin(item, "data_selector");
      const dataAllocator = this.#plugin(item, "data_allocator");
      const group = this.#flag(item, "group");
      return {
        from,
        to,
        ...(group && { group }),
        ...(dataSelector && { dataSelector }),
        ...(dataAllocator && { dataAllocator }),
      };
    });
  }

  #endpoint(map: YAMLMap, key: string, drivers: ReadonlyMap<string, DriverConfig>): Endpoint {
    const text = this.#text(map, key, "the policy");
    const node = this.#value(map, key);
    const slash = text.indexOf("/");
    const driver = text.slice(0, slash);
    const topic = text.slice(slash + 1);
    if (slash <= 0 || topic === "") throw this.#fault(node, `"${key}" must be driver/topic, found "${text}"`);
    const store = drivers.get(driver);
    if (store === undefined) {
      const names = [...drivers.keys()];
      const remedy = nearestName(driver, names) ?? names.join(", ");
      throw this.#fault(
        node,
        `"${key}" names driver "${driver}", which is not among "drivers": did you mean ${remedy}?`,
      );
    }
    return { driver, topic, text, identity: `${storeOf(driver, store)}/${topic}`, line: this.#lineOf(node) };
  }

  #plugin(map: YAMLMap, key: string): Plugin | undefined {
    const node = this.#value(map, key);
    return node === undefined
      ? undefined
      : { reference: this.#text(map, key, "the policy"), line: this.#lineOf(node) };
  }

  #flag(map: YAMLMap, key: string): boolean {
    const node = this.#value(map, key);
    if (node === undefined) return false;
    if (!isScalar(node) || typeof node.value !== "boolean") {
      throw this.#fault(node, `"${key}" must be true or false`);
    }
    return node.value;
  }

  #text(map: YAMLMap, key: string, owner: string): string {
    const node = this.#value(map, key);
    if (node === undefined) throw this.#fault(map, `${owner} has no "${key}"`);
    if (!isScalar(node) || typeof node.value !== "string" || node.value === "") {
      throw this.#fault(node, `"${key}" must be text`);
    }
    return node.value;
  }

  #checkKeys(map: YAMLMap, known: readonly string[]): void {
    for (const pair of map.items) {
      const key = this.#keyOf(pair);
      if (known.includes(key)) continue;
      const meant = nearestName(key, known);
      const remedy = meant === undefined ? `known are ${known.join(", ")}` : `did you mean "${meant}"?`;
      throw this.#fault(pair.key, `unknown key "${key}": ${remedy}`);
    }
  }

  #keyOf(pair: Pair): string {
    if (isScalar(pair.key)) return String(pair.key.value);
    throw this.#fault(pair.key, "expected a text as key");
  }

  /** The value of a key, with aliases resolved; undefined if it is missing or empty. */
  #value(map: YAMLMap, key: string): unknown {
    const node = map.get(key, true) as unknown;
    if (node === undefined || (isScalar(node) && node.value === null)) return undefined;
    return node;
  }

  #lineOf(node: unknown): number {
    const offset = (node as { range?: [number, number, number] } | null | undefined)?.range?.[0] ?? 0;
    return this.#lines.linePos(offset).line || 1;
  }

  #fault(node: unknown, message: string): UsageError {
    return configError(this.#path, this.#lineOf(node), message);
  }
}

/** The same for two drivers of one store, as far as their options show it. */
function storeOf(name: string, { type, options }: DriverConfig): string {
  // Each memory driver is a store of its own.
  if (type === "memory") return name;
  if (type === "files") {
    const { root_path: path } = withAbsoluteRoot(options);
    if (typeof path === "string") return realPath(path);
  }
  return JSON.stringify([type, options]);
}

/** Whether events of one topic come to another one; what is given has not formed a circle yet. */
function leads(targets: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  return from === to || (targets.get(from) ?? []).some((target) => leads(targets, target, to));
}
