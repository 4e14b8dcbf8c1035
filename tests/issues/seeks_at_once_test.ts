// A seek over several partitions kept what it stores in `seek.json` until it was stored in all of them. A process that
// was stopped before it removed that file removed the file of a later seek: when the later one was killed then, it stayed
// half done. Two seeks at once replaced each other's file, and each partition kept the position of the one that came
// first there. And a file from elsewhere that named a hundred thousand partitions made as many files, in half a minute.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../mod.ts";
import { ConsumerRegistry } from "../../src/drivers/files/consumer_registry.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";

/** A topic of two partitions; the consumer is at event 1 of both. */
class Scene {
  readonly folder = new SimulatedFolder();

  constructor() {
    for (const path of ["t", "t/consumers"]) this.folder.storage.makeDirectory(`${ROOT}/${path}`);
    this.seek(1);
  }

  /** The consumer as another process sees it. */
  get registry(): ConsumerRegistry {
    return new ConsumerRegistry(this.folder.storage, `${ROOT}/t`, "t", 2);
  }

  seek(nextId: number): void {
    this.registry.seek("c", [0, 1].map((partition) => ({ partition, nextId, time: 0 })));
  }

  /** Another process seeks, and is killed before its call of this number; returns whether it was. */
  seekKilledAt(nextId: number, call: number): boolean {
    const { before } = this.folder;
    this.folder.before = () => {
      if (call-- <= 0) throw new StorageError("EIO", "Cannot go on: killed");
    };
    try {
      this.seek(nextId);
      return false;
    } catch {
      return true;
    } finally {
      this.folder.before = before;
    }
  }

  /** The position in both partitions, which has to be the same. */
  stored(): number {
    const [one, other] = [0, 1].map((partition) =>
      this.registry.consumer("c").cursor(partition).read()?.nextId
    );
    assertEquals(one, other, "a seek is half done");
    return one!;
  }
}

/** A seek makes its file by the first of these calls, and removes it by the second. */
const STOPS = [/^(rename|replace) .*(\.creating-|seek\.json)/, /^remove .*\/seek/];

for (const [index, when] of ["makes", "removes"].entries()) {
  test(`a seek that was stopped before it ${when} its file, and one that is killed then, are each stored whole`, () => {
    const found = new Set<number>();
    for (let call = 0, isKilled = true; isKilled; call++) {
      const scene = new Scene();
      let wasStopped = false;
      scene.folder.before = (name, path) => {
        if (wasStopped || !STOPS[index]!.test(`${name} ${path}`)) return;
        wasStopped = true;
        isKilled = scene.seekKilledAt(3, call);
      };
      scene.seek(2);
      assert(wasStopped);
      found.add(scene.stored());
    }
    assertEquals([...found].sort(), [2, 3]);
  });
}

test("the file of an earlier version's seek is completed, and removed", () => {
  const scene = new Scene();
  const { storage } = scene.folder;
  const file = `${ROOT}/t/consumers/c/seek.json`;
  const seeks = [0, 1].map((partition) => ({ partition, nextId: 7, time: 0, generation: 9 }));
  storage.publish(file, new TextEncoder().encode(JSON.stringify({ seeks })));
  assertEquals([scene.stored(), storage.stat(file)], [7, undefined]);
});

test("a file that names partitions that are not there, or one twice, is refused before anything is made", () => {
  const seek = { nextId: 0, time: 0, generation: 9 };
  const many = Array.from({ length: 3 }, (_, partition) => ({ ...seek, partition }));
  const same = many.map((each) => ({ ...each, partition: 1 }));
  for (
    const [seeks, why] of [[many, "partition 2, and the topic has 2"], [same, "partition 1 twice"]] as const
  ) {
    for (const name of ["seek.json", "seek/0123456789abcdef.json"]) {
      const scene = new Scene();
      scene.folder.file(`t/consumers/c/${name}`, JSON.stringify({ seeks }));
      const done = scene.folder.changesDuring(() => {
        const error = assertThrows(() => scene.stored(), StorageError);
        assertEquals(error.errno, "EILSEQ");
        assert(error.message.includes(`${name}": `) && error.message.includes(why), error.message);
      });
      assertEquals(done, []);
    }
  }
});
