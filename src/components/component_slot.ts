import type { Component } from "./contract.ts";

/** One component of a topic: made when it is first looked at, and not before. */
export class ComponentSlot<C extends Component> {
  #component: C | undefined = undefined;
  #loading: Promise<C> | undefined = undefined;

  /**
   * `make` makes the component, or throws; `standIn` makes what takes its place until a promise of `make` is kept.
   */
  constructor(
    private readonly make: () => C | Promise<C>,
    private readonly standIn: (loading: Promise<C>) => C,
  ) {}

  /** The component, or what stands in for it while it loads; throws what `make` throws. */
  get component(): C {
    if (this.#component !== undefined) return this.#component;
    const made = this.make();
    if (!(made instanceof Promise)) return this.#component = made;
    this.#loading = made;
    made.then((component) => {
      this.#component = component;
      this.#loading = undefined;
    }, () => {
      // Reported to all who use what stands in for it.
    });
    return this.#component = this.standIn(made);
  }

  /** Resolves when the component is there, rejects when it cannot be; undefined when there is nothing to wait for. */
  get loading(): Promise<C> | undefined {
    return this.#loading;
  }
}
