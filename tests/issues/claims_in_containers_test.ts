// A claim named its holder by the machine's name and a pid, and containers may have the same name, with processes of
// their own. An import that was killed in a container was taken for the process that tried again after a restart,
// which had the same pid 1: no import into that topic could begin any more. And an import in another container was
// taken for dead, since its pid was not found, so that two imports wrote one topic.
import { assertEquals, assertRejects } from "@std/assert";
import { hostname } from "node:os";
import { TransferInProgressError } from "../../mod.ts";
import { claimTopic } from "../../src/drivers/files/claim.ts";
import { test } from "../harness.ts";
import { ScriptedEnvironment } from "../groups/scripted_environment.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";

/** A process in a container; processes of other containers are not found. */
class Container extends ScriptedEnvironment {
  slept = 0;

  constructor(
    host: string,
    started: string,
    pid = 1,
    private readonly meanwhile: () => void = () => {},
  ) {
    super();
    this.self.host = host;
    this.self.started = started;
    this.self.pid = pid;
  }

  override isGone({ pid, started }: { pid: number; started?: string | undefined }): boolean {
    return pid !== this.self.pid || started !== this.self.started;
  }

  override sleep(): Promise<void> {
    this.slept++;
    this.meanwhile();
    return Promise.resolve();
  }
}

test("an import that was killed is taken over after a restart that gives the same name and pid", async () => {
  for (const [host, waits] of [["here", 0], ["another container", 50]] as const) {
    const { storage } = new SimulatedFolder();
    await claimTopic(storage, ROOT, "t", new Container("here", "first"));
    const restarted = new Container(host, "second");
    await (await claimTopic(storage, ROOT, "t", restarted))[Symbol.asyncDispose]();
    assertEquals(restarted.slept, waits);
  }
});

test("an import in another container of the same name keeps its claim while it shows signs of life", async () => {
  const { storage } = new SimulatedFolder();
  const holder = new Container("one container", "first");
  await using _claim = await claimTopic(storage, ROOT, "t", holder);
  const other = new Container("another container", "second", 2, () => {
    for (const beat of holder.timers.values()) beat();
  });
  await assertRejects(
    () => claimTopic(storage, ROOT, "t", other),
    TransferInProgressError,
    `process 1 on "${hostname()}"`,
  );
});
