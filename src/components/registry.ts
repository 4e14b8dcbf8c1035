import { DiasporaError, InvalidOptionError, ModuleLoadError, UnknownComponentError } from "../errors.ts";
import type { Component, ComponentDocument, ComponentFactory } from "./contract.ts";
import { absoluteReference, loadExport, parseNameAndModule } from "./modules.ts";

/** The three kinds, as error messages name them. */
export type ComponentKind = "validator" | "partition selector" | "serializer";

/**
 * The reference each component from a module was loaded by: a component need not know where it came from, and
 * the topic must.
 */
const references = new WeakMap<Component, string>();

/** The components of one kind by name. */
export class ComponentRegistry<C extends Component> {
  readonly #factories = new Map<string, ComponentFactory<C>>();

  /** `methods` are those a component of this kind must have. */
  constructor(readonly kind: ComponentKind, readonly methods: readonly (keyof C & string)[]) {}

  /** Adds a component, or replaces the one of that name. */
  register(name: string, factory: ComponentFactory<C>): void {
    if (name === "" || name.includes(":")) {
      throw new InvalidOptionError(
        "name",
        `Cannot register ${this.kind} ${JSON.stringify(name)}: expected a name without a colon`,
      );
    }
    this.#factories.set(name, factory);
  }

  /** Makes the component a document describes, or checks the instance given instead. */
  async make(from: ComponentDocument | C): Promise<C> {
    if (isInstance(from)) return this.#check(from as C);
    const document = from as ComponentDocument;
    if (typeof document !== "object" || document === null || typeof document.type !== "string") {
      throw new InvalidOptionError(
        this.kind,
        `Cannot make ${this.kind}: expected an instance, or a document with a "type", found ${
          show(document)
        }`,
      );
    }
    const { name, module } = parseNameAndModule(document.type);
    if (module !== undefined) return await this.#load(document, name, module);
    const factory = this.#factories.get(name);
    if (factory === undefined) throw new UnknownComponentError(this.kind, name, [...this.#factories.keys()]);
    return this.#check(await factory(document));
  }

  async #load(document: ComponentDocument, name: string, module: string): Promise<C> {
    const type = absoluteReference(document.type);
    const what = `${this.kind} "${name}"`;
    const exported = await loadExport({ what, module, exportName: name });
    const component = await this.#instantiate(exported, { ...document, type }, module);
    references.set(component, type);
    return component;
  }

  /** A module may export an instance, a class or a function that makes one from the document. */
  async #instantiate(exported: unknown, document: ComponentDocument, module: string): Promise<C> {
    let made = exported;
    if (typeof exported === "function") {
      try {
        made = this.#isClass(exported)
          ? new (exported as new (document: ComponentDocument) => C)(document)
          : await (exported as ComponentFactory<C>)(document);
      } catch (error) {
        if (error instanceof DiasporaError) throw error;
        throw new ModuleLoadError(
          module,
          `Cannot make ${this.kind} "${document.type}": ${error instanceof Error ? error.message : error}`,
          { cause: error },
        );
      }
    }
    const missing = this.#missingMethod(made);
    if (missing === undefined) return made as C;
    throw new ModuleLoadError(
      module,
      `Cannot use ${this.kind} "${document.type}": expected an instance, a class or a function that makes one, ` +
        `and "${missing}" is not a method of it`,
    );
  }

  #isClass(exported: { prototype?: unknown }): boolean {
    return typeof exported.prototype === "object" && this.#missingMethod(exported.prototype) === undefined;
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
 * The document to store with a topic: another process, in whatever directory, makes the same component from
 * it. Paths of modules in it are absolute.
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

/** A document has no methods: JSON cannot hold any. */
function isInstance(from: unknown): boolean {
  return typeof from === "object" && from !== null && "config" in from && typeof from.config === "function";
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
