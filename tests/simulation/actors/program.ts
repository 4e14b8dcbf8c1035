import type { FilesDriver } from "../../../src/drivers/files/driver.ts";
import type { TopicInterface } from "../../../src/contract.ts";
import type { SimulatedProcess } from "../disk/process.ts";
import { TOPIC, type World } from "../world.ts";

/**
 * A program that has the topic open and takes steps until it is killed; then it starts again in a new
 * process.
 */
export abstract class Program {
  process!: SimulatedProcess;
  /** The step of the world in which its current work began. */
  stepAt = 0;
  protected driver!: FilesDriver;
  #topic: TopicInterface | undefined;
  #isOpening = false;

  constructor(protected readonly world: World, readonly name: string) {}

  /** The process is dead, or never existed. */
  restart(): void {
    this.#topic = undefined;
    this.#isOpening = false;
    this.process = this.world.newProcess();
    this.driver = this.world.openDriver(this.process);
    this.begin();
  }

  /** Does a small amount of work; throws `SimulatedKill`. */
  step(): void {
    this.stepAt = this.world.steps;
    if (this.#topic !== undefined) return this.act(this.#topic);
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.follow(this.driver.openTopic(TOPIC), (topic) => this.#topic = topic, () => this.#isOpening = false);
  }

  /** Ends in an orderly way, when nothing fails any more. */
  async end(): Promise<void> {
    await this.#topic?.close();
    this.#topic = undefined;
    this.#isOpening = false;
  }

  /** Forgets the state of the previous process. */
  protected abstract begin(): void;

  protected abstract act(topic: TopicInterface): void;

  /** The next step opens the topic again. */
  protected closeTopic(): void {
    void this.#topic?.close();
    this.#topic = undefined;
    this.#isOpening = false;
  }

  /**
   * Continues when the promise settles, unless the process has been replaced by then. A failure must be one
   * that the disk injected, or one that `accepts` allows.
   */
  protected follow<T>(
    promise: PromiseLike<T>,
    done: (value: T) => void,
    failed: (error: unknown) => void = () => {},
    accepts: (error: unknown) => boolean = () => false,
  ): void {
    const { process, world } = this;
    world.track(promise.then((value) => {
      if (process === this.process) done(value);
    }, (error) => {
      if (process === this.process) failed(error);
      if (!accepts(error)) world.tolerate(error);
    }));
  }
}
