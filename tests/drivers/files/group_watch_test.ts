// How members learn that the folder of their group has changed.
import { assertEquals } from "@std/assert";
import { setTimeout as sleep } from "node:timers/promises";
import { Group } from "../../../src/drivers/files/group.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { turn, until } from "../../waiting.ts";
import { ScriptedEnvironment } from "../../groups/scripted_environment.ts";

/** A group whose folder is watched by hand. */
function watched(canWatch = true) {
  const asked: string[] = [];
  let changed = (): void => {};
  const storage: Pick<Storage, "watch"> = {
    watch: (path, call) => {
      asked.push(path);
      changed = call;
      return canWatch ? { close: () => void asked.push("close") } : undefined;
    },
  };
  const group = new Group({
    ...{ topic: "t", topicPath: "/store/t", name: "c", numPartitions: 1 },
    storage: storage as Storage,
    environment: new ScriptedEnvironment(),
    folder: () =>
      ({ path: "/store/t/consumers/c" }) as ReturnType<ConstructorParameters<typeof Group>[0]["folder"]>,
  });
  return { group, asked, changed: () => changed() };
}

test("several changes in a row wake a member once, and a later one wakes it again", async () => {
  const { group, asked, changed } = watched();
  let wakes = 0;
  const stop = group.listen(() => wakes++)!;
  for (let changes = 0; changes < 3; changes++) changed();
  assertEquals(wakes, 0);
  await until("it wakes", () => wakes > 0);
  changed();
  await until("it wakes again", () => wakes > 1);
  assertEquals(wakes, 2);
  stop();
  assertEquals(asked, ["/store/t/consumers/c/group", "close"]);
});

test("a member that stops listening is not woken by what changed before", async () => {
  const { group, changed } = watched();
  let wakes = 0;
  const stop = group.listen(() => wakes++)!;
  changed();
  stop();
  await sleep(5);
  await turn();
  assertEquals(wakes, 0);
});

test("where nothing can be watched, nothing is listened to", () => {
  assertEquals(watched(false).group.listen(() => {}), undefined);
});
