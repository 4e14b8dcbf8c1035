import { InvalidOptionError, UnknownComponentError } from "../errors.ts";
import type { ComponentDocument, ComponentFactory } from "./contract.ts";

/** The three kinds, as error messages name them. */
export type ComponentKind = "validator" | "partition selector" | "serializer";

/** What every component has, whatever its kind. */
export interface Component {
  config(): ComponentDocument;
}

/** The components of one kind by name. */
export class ComponentRegistry<C extends Component> {
  readonly #factories = new Map<string, ComponentFactory<C>>();

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

  /** Makes the component a document describes. */
  async make(document: ComponentDocument): Promise<C> {
    const factory = this.#factories.get(document.type);
    if (factory === undefined) {
      throw new UnknownComponentError(this.kind, document.type, [...this.#factories.keys()]);
    }
    return await factory(document);
  }
}
