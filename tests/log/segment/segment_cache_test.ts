// Which files of a partition's segments stay open, and what is forgotten once one is closed.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { SegmentCache } from "../../../src/log/segment/segment_cache.ts";
import type { Segment } from "../../../src/log/segment/segment_file.ts";
import { idleFiles } from "../../../src/storage/idle_files.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";

/** A segment that only knows whether its file is open. */
class FakeSegment {
  readonly storage = nodeStorage;
  isOpen = true;
  opened: ((segment: FakeSegment) => void) | undefined;
  replaced: (() => void) | undefined;

  constructor(readonly baseId: number) {}

  close(): void {
    this.isOpen = false;
  }

  /** As when its file is read again. */
  reopen(): void {
    this.isOpen = true;
    this.opened!(this);
  }
}

class Scene {
  readonly cache = new SegmentCache();
  readonly made: FakeSegment[] = [];

  use(...ids: number[]): void {
    for (const id of ids) this.get(id);
  }

  get(id: number): FakeSegment {
    const make = () => {
      const segment = new FakeSegment(id);
      this.made.push(segment);
      return segment as unknown as Segment;
    };
    return this.cache.use(id, make) as unknown as FakeSegment;
  }

  /** The first ids of those whose files are open. */
  get open(): number[] {
    return this.made.filter(({ isOpen }) => isOpen).map(({ baseId }) => baseId);
  }
}

test("four files stay open, those used last, and a segment whose file was closed is still known", () => {
  const scene = new Scene();
  scene.use(1, 2, 3, 4, 1, 5);
  assertEquals(scene.open, [1, 3, 4, 5]);
  const second = scene.cache.known(2) as unknown as FakeSegment;
  assertStrictEquals(scene.get(2), second);
  second.reopen();
  scene.use(6);
  assertEquals(scene.open, [1, 2, 5, 6]);
  assertEquals(scene.made.length, 6);
});

test("a file that was closed separately does not count among the four", () => {
  const scene = new Scene();
  scene.use(1, 2, 3, 4);
  scene.made[3]!.close();
  scene.use(5);
  assertEquals(scene.open, [1, 2, 3, 5]);
});

test("what was opened for a moment is closed and forgotten after it, also if it failed; what was open before stays", () => {
  const scene = new Scene();
  scene.use(1);
  assertEquals(scene.cache.briefly(() => (scene.use(1, 2), 7)), 7);
  assertEquals([scene.open, scene.cache.known(2)], [[1], undefined]);
  assertThrows(() =>
    scene.cache.briefly(() => {
      scene.use(3);
      throw new RangeError("failed");
    }), RangeError);
  assertEquals([scene.open, scene.cache.known(3)], [[1], undefined]);
  assertStrictEquals(scene.get(1), scene.made[0]);
});

test("a segment that was made anew under a name is not forgotten with the earlier one, which is open again", () => {
  const scene = new Scene();
  scene.use(1);
  const [earlier] = scene.made;
  scene.cache.release(1);
  assertEquals([scene.open, scene.cache.known(1)], [[], undefined]);
  const later = scene.get(1);
  scene.cache.briefly(() => earlier!.reopen());
  assertEquals([earlier!.isOpen, later.isOpen], [false, true]);
  assertStrictEquals(scene.cache.known(1) as unknown, later);
});

test("a closed cache knows no segment, open or not", () => {
  const scene = new Scene();
  scene.use(1, 2);
  scene.made[0]!.close();
  scene.use(2);
  scene.cache.close();
  assertEquals([scene.open, scene.cache.known(1), scene.cache.known(2)], [[], undefined, undefined]);
});

test("where the system has no file left, those that are open are closed, and their segments are still known", () => {
  const scene = new Scene();
  scene.use(1, 2);
  scene.made[0]!.close();
  assertEquals([scene.cache.closeIdle(), scene.open], [true, []]);
  assertStrictEquals(scene.get(2), scene.made[1]);
  assertEquals(scene.cache.closeIdle(), false);
  const closed = new Scene();
  closed.use(1);
  closed.made[0]!.close();
  assertEquals(closed.cache.closeIdle(), false);
  scene.made[1]!.reopen();
  assertEquals([scene.cache.closeIdle(), scene.open], [true, []]);
});

test("a segment whose file was found to be another one is forgotten", () => {
  const scene = new Scene();
  scene.use(1, 2);
  scene.made[0]!.replaced!();
  assertEquals([scene.open, scene.cache.known(1)], [[2], undefined]);
});

test("as long as a file is open, and no longer, it counts among those that can be closed", () => {
  const scene = new Scene();
  const { cache } = scene;
  const steps: [step: string, isAsked: boolean, act: () => unknown][] = [
    ["nothing was used", false, () => {}],
    ["one is open", true, () => scene.use(1)],
    ["another one was open for a moment", true, () => cache.briefly(() => scene.use(2))],
    ["it was released", false, () => cache.releaseOpen()],
    ["it is used again", true, () => scene.use(1)],
    ["it was closed for others", false, () => cache.closeIdle()],
    ["it was opened again", true, () => scene.get(1).reopen()],
    ["all was closed", false, () => cache.close()],
  ];
  for (const [step, isAsked, act] of steps) {
    act();
    assertEquals(idleFiles.has(cache), isAsked, step);
  }
});

test("a segment that is held stays open beside four others, also when it is removed, until all have let it go", () => {
  const scene = new Scene();
  const hold = (id: number) => scene.cache.hold(scene.get(id) as unknown as Segment);
  const [letGo, letGoToo] = [hold(1), hold(1)];
  scene.use(2, 3, 4, 5, 6);
  assertEquals(scene.open, [1, 3, 4, 5, 6]);
  scene.cache.release(1);
  scene.cache.releaseOpen();
  letGo();
  assertEquals(scene.open, [1]);
  assertStrictEquals(scene.get(1), scene.made[0]);
  letGoToo();
  assertEquals([scene.open, scene.cache.known(1)], [[], undefined]);
});

test("a held segment is closed where the system has no file left, and with the cache", () => {
  const scene = new Scene();
  const letGo = scene.cache.hold(scene.get(1) as unknown as Segment);
  assertEquals([scene.cache.closeIdle(), scene.open], [true, []]);
  // Once it is closed, its name may be another one's.
  scene.cache.release(1);
  assertEquals(scene.cache.known(1), undefined);
  letGo();
  const letGoOther = scene.cache.hold(scene.get(2) as unknown as Segment);
  scene.cache.close();
  assertEquals(scene.open, []);
  letGoOther();
});
