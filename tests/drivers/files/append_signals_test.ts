// Consumers of one process that wait for events of a partition are woken by its producers, through one shared
// signal.
import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  holdAppendSignal,
  notifyAppended,
  releaseAppendSignal,
} from "../../../src/drivers/files/append_signals.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

test("all users of a folder share a signal, until the last one releases it", () => {
  const { storage } = new SimulatedFolder();
  const directory = `${ROOT}/shared`;
  const first = holdAppendSignal(storage, directory);
  assertStrictEquals(holdAppendSignal(storage, directory), first);
  assertEquals(holdAppendSignal(storage, `${ROOT}/other`) === first, false);
  releaseAppendSignal(`${ROOT}/other`);
  releaseAppendSignal(`${ROOT}/unknown`);
  let woken = 0;
  const stop = first.listen(() => woken++);
  releaseAppendSignal(directory);
  assertStrictEquals(holdAppendSignal(storage, directory), first);
  notifyAppended(directory);
  notifyAppended(`${ROOT}/other`);
  assertEquals(woken, 1);
  stop();
  releaseAppendSignal(directory);
  releaseAppendSignal(directory);
  const second = holdAppendSignal(storage, directory);
  assertEquals(second === first, false);
  releaseAppendSignal(directory);
  releaseAppendSignal(directory);
  assertEquals(holdAppendSignal(storage, directory) === second, false);
  releaseAppendSignal(directory);
});
