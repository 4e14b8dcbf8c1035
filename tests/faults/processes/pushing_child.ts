import { Child, type ChildOptions } from "../../processes/child_process.ts";
import type { Outcome } from "../../processes/child/burst.ts";

/** A process that pushes on request. */
export class PushingChild {
  readonly #child: Child;

  private constructor(child: Child, readonly run: number, readonly pid: number) {
    this.#child = child;
  }

  /** Starts one, and kills it after the body. */
  static async during(
    runtime: string,
    { rootPath, run, producers = 1, maxNumBatches = 64 }: {
      rootPath: string;
      run: number;
      producers?: number;
      maxNumBatches?: number;
    },
    options: ChildOptions,
    body: (child: PushingChild) => Promise<void>,
  ): Promise<void> {
    const parameters = [rootPath, "events", run, producers, maxNumBatches].map(String);
    const child = new Child(runtime, "burst", parameters, options);
    try {
      const [, pid] = (await child.line()).split(" ");
      await body(new PushingChild(child, run, Number(pid)));
    } finally {
      await child.kill();
    }
  }

  /** Pushes events of one size, all at once. */
  async push(count: number, size: number): Promise<Outcome[]> {
    return JSON.parse(await this.#order(`push ${count} ${size}`));
  }

  /** Pushes for a while; afterwards the outcomes are in the file. */
  async storm(milliseconds: number, sizeMax: number, file: string): Promise<void> {
    await this.#order(`storm ${milliseconds} ${sizeMax} ${file}`);
  }

  /** The outcome of a flush. */
  flush(): Promise<string> {
    return this.#order("flush");
  }

  #order(line: string): Promise<string> {
    this.#child.say(line);
    return this.#child.line();
  }
}
