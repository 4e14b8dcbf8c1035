import type { Component } from "./contract.ts";

/** One component of a topic, created on first access. */
export class ComponentSlot<C extends Component> {
  #component: C | undefined = undefined;
  #loading: Promise<C> | undefined = undefined;

  /**
   * `make` creates the component, or throws; `standIn` creates a placeholder that is used until a promise from
   * `make` resolves.
   */
  constructor(
    private readonly make: () => C | Promise<C>,
    private readonly standIn: (loading: Promise<C>) => C,
  ) {}

  /** The component, or its stand-in while it loads; throws what `make` throws. */
  get component(): C {
    if (this.#component !== undefined) return this.#component;
    const made = this.make();
    if (!(made instanceof Promise)) return this.#component = made;
    this.#loading = made;
    made.then((component) => {
      this.#component = component;
      this.#loading = undefined;
    }, () => {
      // Reported by every call of the stand-in.
    });
    return this.#component = this.standIn(made);
  }

  /** Resolves when the component is loaded, rejects if it cannot be; undefined if there is nothing to wait for. */
  get loading(): Promise<C> | undefined {
    return this.#loading;
  }
}
