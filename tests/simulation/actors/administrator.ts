import type { StartPosition, TopicInterface, TrimRequest } from "../../../src/contract.ts";
import { StorageError } from "../../../src/errors.ts";
import { BrokenPromise } from "../model/broken_promise.ts";
import { RetentionModel } from "../model/retention_model.ts";
import type { World } from "../world.ts";
import { checkVerify } from "../verify_check.ts";
import { Program } from "./program.ts";

/** Trims, edits, moves and deletes consumers, describes and verifies everything. */
export class AdministratorProgram extends Program {
  #isBusy = false;

  constructor(world: World, name: string, private readonly consumerNames: readonly string[]) {
    super(world, name);
    this.restart();
  }

  protected override begin(): void {
    this.#isBusy = false;
  }

  protected override act(topic: TopicInterface): void {
    if (this.#isBusy) return;
    const { random } = this.world.disk;
    const acts = [
      () => this.#trim(topic),
      () => this.#trim(topic),
      () => this.#edit(topic),
      () => this.#seekConsumer(topic),
      () => this.#deleteConsumer(topic),
      () => this.#describe(topic),
      () => this.#look(topic),
      () => this.#verify(),
      () => this.closeTopic(),
    ];
    random.pick(acts)();
  }

  #do<T>(work: Promise<T>, done: (value: T) => void = () => {}): void {
    this.#isBusy = true;
    this.follow(
      work,
      (value) => {
        this.#isBusy = false;
        done(value);
      },
      () => this.#isBusy = false,
      isDraftTakenForRubbish,
    );
  }

  #trim(topic: TopicInterface): void {
    const { disk: { random, clock }, model, retention } = this.world;
    const partition = random.below(model.partitions.length);
    const request: TrimRequest = random.pick<TrimRequest>([
      { beforeId: random.below(model.partitions[partition].endId + 2) },
      { beforeTime: clock.now - random.pick([0, 50, 3_600_000]) },
      { maxBytes: random.below(12_000) },
      { acknowledged: true },
    ]);
    if (random.chance(0.5)) request.partitions = [partition];
    if (random.chance(0.1)) request.dryRun = true;
    else retention.allow(RetentionModel.ruleOf(request));
    this.#do(topic.trim(request), (results) => {
      for (const { firstId, firstIdBefore } of results) {
        if (firstId < firstIdBefore) {
          throw new BrokenPromise(`trim went from ${firstIdBefore} back to ${firstId}`);
        }
      }
    });
  }

  #edit(topic: TopicInterface): void {
    const { disk: { random }, retention } = this.world;
    const changes = this.world.retentionOptions(random.pick(["bytes", "seconds", "acknowledged", "none"]));
    retention.allow({
      bytesMax: changes.retention_bytes ?? undefined,
      seconds: changes.retention_seconds ?? undefined,
      acknowledged: changes.retention_acknowledged ?? undefined,
    });
    this.#do(topic.edit(changes));
  }

  #seekConsumer(topic: TopicInterface): void {
    const { world } = this;
    const { disk: { random, clock }, model } = world;
    const name = random.pick(this.consumerNames);
    const consumer = model.consumer(name);
    const partition = random.below(model.partitions.length);
    // What is stored for several partitions is in a file of its own meanwhile.
    const partitions = model.partitions.length > 1 && random.chance(0.5)
      ? model.partitions.map((each) => each.partition)
      : [partition];
    const to = random.pick<StartPosition>([
      "latest",
      "earliest",
      { id: random.below(model.partitions[partition].endId + 2) },
      { time: clock.now - random.below(200) },
    ]);
    consumer.beginDisturbance(world.steps);
    // The work is done when the call returns, and its process may be dead.
    const seeking = topic.seekConsumer(name, to, partitions);
    for (const each of partitions) consumer.skipTo(each, world.endIdOf(each));
    consumer.endDisturbance(world.steps, partition, world.endIdOf(partition));
    this.#do(seeking);
  }

  #deleteConsumer(topic: TopicInterface): void {
    const { world } = this;
    const consumer = world.model.consumer(world.disk.random.pick(this.consumerNames));
    consumer.beginDisturbance(world.steps);
    const deleting = topic.deleteConsumer(consumer.name);
    consumer.endDisturbance(world.steps, undefined, 0);
    this.#do(deleting);
  }

  /** What is stored is visible in every description. */
  #describe(topic: TopicInterface): void {
    const { model, machine } = this.world;
    const ends = model.partitions.map((partition) => partition.completedEnd(model.pushes));
    this.#do(topic.describe(), (descriptions) => {
      if (this.world.machine !== machine) return;
      for (const { partition, firstId, nextId } of descriptions) {
        if (nextId < ends[partition]) {
          throw new BrokenPromise(`partition ${partition} has ${ends[partition]} events and says ${nextId}`);
        }
        if (firstId > nextId) throw new BrokenPromise(`first event ${firstId} of ${nextId}`);
      }
    });
  }

  #verify(): void {
    const { world } = this;
    this.#do(checkVerify(world, world.disk.random.below(world.model.partitions.length), this.process));
  }

  #look(topic: TopicInterface): void {
    const { random } = this.world.disk;
    const acts: (() => Promise<unknown>)[] = [
      () => topic.consumers(),
      () => topic.lag(random.pick(this.consumerNames)),
      () => this.driver.listTopics(),
    ];
    this.#do(random.pick(acts)());
  }
}

/**
 * A draft that a process leaves for an hour is removed, even if the process was only stopped, or the clock
 * set forward.
 */
function isDraftTakenForRubbish(error: unknown): boolean {
  return error instanceof StorageError && error.errno === "ENOENT" && error.message.includes(".draft");
}
