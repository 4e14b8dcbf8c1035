import { isAbsolute } from "node:path";
import {
  DiasporaError,
  InvalidOptionError,
  ModuleLoadError,
  ModuleNotAllowedError,
  UnknownComponentError,
} from "../errors.ts";
import { type AllowedModules, LOAD_MODULES_VARIABLE } from "./allowed_modules.ts";
import type { Component, ComponentDocument, ComponentFactory } from "./contract.ts";
import { absoluteModule, absoluteReference, isClass, loadExport, parseNameAndModule } from "./modules.ts";
import { isFile } from "./package_lookup.ts";
import { type StoredModule, storedModule } from "./stored_module.ts";
import { checkRegistration, show } from "../options.ts";
import { messageOf } from "../text/message.ts";

/** The three kinds, as named in error messages. */
type ComponentKind = "validator" | "partition selector" | "serializer";

/**
 * The reference by which each component from a module was loaded: a component need not know its origin, but the
 * topic must.
 */
const references = new WeakMap<Component, string>();

/** The topic that stores a document, and the modules it may load. */
export interface StoredIn {
  /** Name of the topic. */
  topic: string;
  /** Modules it may load. */
  allowed: AllowedModules;
}

/** A built-in component. */
interface BuiltIn<C> {
  make: ComponentFactory<C>;
  /** Loads the library it needs, so that it can be created synchronously. */
  prepare?: (document: ComponentDocument) => Promise<unknown>;
  /** Throws for an invalid document that is to be stored, where creating the component would not detect it. */
  check?: (document: ComponentDocument) => Promise<unknown>;
}

/** The components of one kind by name. */
export class ComponentRegistry<C extends Component> {
  readonly #factories: Map<string, ComponentFactory<C>>;
  readonly #builtIn: Readonly<Record<string, BuiltIn<C>>>;
  /** Exports of loaded modules, by name and module. */
  readonly #exports = new Map<string, unknown>();
  /** Names registered by this process: they take precedence over modules for the same name. */
  readonly #registered = new Set<string>();
  /** Modules named by a caller in this process, by name and location. */
  readonly #named = new Set<string>();

  /** `methods` are the required methods of a component of this kind; `builtIn` are its built-in components. */
  constructor(
    readonly kind: ComponentKind,
    readonly methods: readonly (keyof C & string)[],
    builtIn: Readonly<Record<string, BuiltIn<C>>>,
  ) {
    this.#builtIn = builtIn;
    this.#factories = new Map(Object.entries(builtIn).map(([name, { make }]) => [name, make]));
  }

  /** Registers a component, replacing any previous one of that name. */
  register(name: string, factory: ComponentFactory<C>): void {
    checkRegistration(this.kind, name, factory);
    this.#factories.set(name, factory);
    this.#registered.add(name);
  }

  /** Creates the component described by the caller's document, or checks the instance given instead. */
  async make(from: ComponentDocument | C): Promise<C> {
    if (isInstance(from)) {
      const component = this.#check(from as C);
      const document = optionalDocument(component);
      if (document !== undefined) await this.checkDocument(document);
      return component;
    }
    const document = from as ComponentDocument;
    const { name, module } = this.#reference(document);
    if (module === undefined) {
      const component = await this.#fromFactory(document, name);
      await this.checkDocument(document);
      return component;
    }
    const component = await this.#load(document, name, module);
    this.#named.add(locationOf(name, storedModule(module)));
    return component;
  }

  /**
   * Creates the component described by a stored document; returns a promise if it has to be loaded. Throws
   * `ModuleNotAllowedError` for a module that was not allowed in this process.
   */
  makeStored(document: ComponentDocument, stored: StoredIn): C | Promise<C> {
    const { name } = this.#reference(document);
    const module = this.moduleOf(document, stored);
    return module === undefined ? this.#fromFactory(document, name) : this.#load(document, name, module);
  }

  /**
   * The module from which to load a stored document's component; undefined if it is built in or registered. Loads
   * nothing; throws `ModuleNotAllowedError` or `UnknownComponentError`.
   */
  moduleOf(document: ComponentDocument, stored: StoredIn): string | undefined {
    const { name, module } = this.#reference(document);
    if (module === undefined) return void this.#factory(name);
    if (this.#registered.has(name)) return undefined;
    const found = storedModule(module);
    if (found.kind !== "never" && (this.#named.has(locationOf(name, found)) || stored.allowed.allow(found))) {
      return found.kind === "file" ? found.path : found.specifier;
    }
    throw this.#notAllowed(stored.topic, name, module, found);
  }

  /**
   * Loads the library that a built-in component needs, so that {@linkcode makeStored} can return it synchronously.
   */
  async prepare(document: ComponentDocument): Promise<void> {
    // Errors of the document are reported when the component is created.
    await this.#builtInOf(document)?.prepare?.(document).catch(() => {});
  }

  /** Checks the document of a built-in component before it is stored. */
  async checkDocument(document: ComponentDocument): Promise<void> {
    await this.#builtInOf(document)?.check?.(document);
  }

  /** The built-in component that a document names; undefined for components of other origin. */
  #builtInOf(document: ComponentDocument): BuiltIn<C> | undefined {
    const type = document?.type;
    const isBuiltIn = !this.#registered.has(type) && Object.hasOwn(this.#builtIn, type);
    return isBuiltIn ? this.#builtIn[type] : undefined;
  }

  /** The name and module in a document; throws `InvalidOptionError` if it is invalid. */
  #reference(document: ComponentDocument): { name: string; module?: string } {
    if (typeof document !== "object" || document === null || typeof document.type !== "string") {
      throw new InvalidOptionError(
        this.kind,
        `Cannot make ${this.kind}: expected an instance, or a document with a "type", found ${
          show(document)
        }`,
      );
    }
    return parseNameAndModule(document.type);
  }

  #factory(name: string): ComponentFactory<C> {
    const factory = this.#factories.get(name);
    if (factory === undefined) throw new UnknownComponentError(this.kind, name, [...this.#factories.keys()]);
    return factory;
  }

  #fromFactory(document: ComponentDocument, name: string): C | Promise<C> {
    const made = this.#factory(name)(document);
    return made instanceof Promise ? made.then((component) => this.#check(component)) : this.#check(made);
  }

  #notAllowed(topic: string, name: string, module: string, found: StoredModule): ModuleNotAllowedError {
    const what = `Cannot load ${this.kind} "${name}" of topic "${topic}" from "${module}"`;
    const orElse = `register a ${this.kind} "${name}" in this process, or name one when the topic is opened`;
    if (found.kind === "never") {
      return new ModuleNotAllowedError(topic, module, `${what}: ${found.why}; ${orElse}`);
    }
    const allowed = JSON.stringify(found.kind === "file" ? found.path : found.name);
    return new ModuleNotAllowedError(
      topic,
      module,
      `${what}: what is stored runs no code unless it is allowed; if you trust that module, allow it by the driver ` +
        `option "load_modules": [${allowed}], by --load-modules ${allowed} or by ${LOAD_MODULES_VARIABLE}, or ${orElse}`,
    );
  }

  #load(document: ComponentDocument, name: string, module: string): C | Promise<C> {
    const key = `${name}:${absoluteModule(module)}`;
    // A missing file is reported even if it was loaded before.
    const known = isAbsolute(module) && !isFile(module) ? undefined : this.#exports.get(key);
    if (known !== undefined) return this.#instantiate(known, document, module);
    return loadExport({ what: `${this.kind} "${name}"`, module, exportName: name }).then((exported) => {
      this.#exports.set(key, exported);
      return this.#instantiate(exported, document, module);
    });
  }

  /** A module may export an instance, a class, or a function that creates one from the document. */
  #instantiate(exported: unknown, document: ComponentDocument, module: string): C | Promise<C> {
    const type = absoluteReference(document.type);
    const complete = { ...document, type };
    const take = (made: unknown): C => {
      const missing = this.#missingMethod(made);
      if (missing === undefined) {
        references.set(made as C, type);
        return made as C;
      }
      throw new ModuleLoadError(
        module,
        `Cannot use ${this.kind} "${type}": expected an instance, a class or a function that makes one, ` +
          `and "${missing}" is not a method of it`,
      );
    };
    const fail = (error: unknown): never => {
      if (error instanceof DiasporaError) throw error;
      throw new ModuleLoadError(
        module,
        `Cannot make ${this.kind} "${type}": ${messageOf(error)}`,
        { cause: error },
      );
    };
    if (typeof exported !== "function") return take(exported);
    let made: unknown;
    try {
      made = isClass(exported, (prototype) => this.#missingMethod(prototype) === undefined)
        ? new (exported as new (document: ComponentDocument) => C)(complete)
        : (exported as ComponentFactory<C>)(complete);
    } catch (error) {
      return fail(error);
    }
    return made instanceof Promise ? made.catch(fail).then(take) : take(made);
  }

  #check(component: C): C {
    const missing = this.#missingMethod(component);
    if (missing === undefined) return component;
    throw new InvalidOptionError(
      this.kind,
      `Cannot use the given ${this.kind}: "${missing}" is not a method of it`,
    );
  }

  #missingMethod(component: unknown): string | undefined {
    if (typeof component !== "object" || component === null) return this.methods[0];
    return this.methods.find((method) =>
      typeof (component as Record<string, unknown>)[method] !== "function"
    );
  }
}

/**
 * The document to store with a topic: from it another process, in any directory, creates the same component.
 * Module paths in it are absolute.
 *
 * @example
 * ```ts
 * import { componentDocument, KeyPartitionSelector } from "@diaspora/stream";
 *
 * componentDocument(new KeyPartitionSelector("/user/id")); // { type: "key", pointer: "/user/id" }
 * ```
 */
export function componentDocument(component: Component): ComponentDocument {
  const document = component.config();
  if (typeof document !== "object" || document === null || typeof document.type !== "string") {
    throw new InvalidOptionError(
      "config",
      `Cannot store a component with its topic: its config() must give a document with a "type", gave ${
        show(document)
      }`,
    );
  }
  return { ...document, type: references.get(component) ?? absoluteReference(document.type) };
}

/** Identifies what a caller allowed by naming a module: that name, at that location. */
function locationOf(name: string, module: StoredModule): string {
  const place = module.kind === "file" ? module.path : module.kind === "package" ? module.specifier : "";
  return `${name}:${place}`;
}

/** A document has no methods, since JSON cannot represent any. */
function isInstance(from: unknown): boolean {
  return typeof from === "object" && from !== null && "config" in from && typeof from.config === "function";
}

/** The document of a component; undefined if it has none, which only matters when it has to be stored. */
function optionalDocument(component: Component): ComponentDocument | undefined {
  try {
    return component.config();
  } catch (error) {
    if (error instanceof InvalidOptionError) return undefined;
    throw error;
  }
}
