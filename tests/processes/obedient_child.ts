import { Child, type ChildOptions } from "./child_process.ts";

/** A process that executes orders one after the other. */
export class ObedientChild {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Starts it and runs a body with it. */
  static async during(
    place: { runtime: string; rootPath: string; topic: string },
    options: ChildOptions,
    body: (child: ObedientChild) => Promise<void>,
  ): Promise<void> {
    const child = new Child(place.runtime, "obey", [place.rootPath, place.topic], options);
    try {
      await child.line();
      await body(new ObedientChild(child));
    } finally {
      await child.kill();
    }
  }

  /** Its answer to an order, without the text of an error. */
  async order(order: string): Promise<string> {
    this.#child.say(order);
    return (await this.#child.line()).split(" ").slice(0, 4).join(" ");
  }
}
