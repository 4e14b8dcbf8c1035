// An appender whose file is closed because the system has no descriptor left, and opened again by the next append.
import { assertEquals } from "@std/assert";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Partition } from "../../../src/log/partition.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { Appender } from "../../../src/log/write/appender.ts";
import { CLOSING_KEEPER, type FileKeeper } from "../../../src/log/write/file_keeper.ts";
import { idleFiles } from "../../../src/storage/idle_files.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { withOpenFiles } from "../../drivers/files/counted_files.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../port_wrapper.ts";

/** An appender, which is asked to close its file at each of its own calls, too. */
class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), "diaspora-idle-"));
  readonly #counted = withOpenFiles(changedStorage((file) => ({
    append: (bytes) => {
      this.answers.push(this.appender.closeIdle());
      return file.append(bytes);
    },
    readAt: (into, offset) => {
      this.answers.push(this.appender.closeIdle());
      return file.readAt(into, offset);
    },
  })));
  readonly partition: Partition;
  readonly appender: Appender;
  /** What it said in the middle of its work. */
  readonly answers: boolean[] = [];

  constructor(keeper: FileKeeper = CLOSING_KEEPER) {
    const { storage } = this.#counted;
    this.partition = new Partition({ storage, directory: this.directory, topic: "topic", partition: 0 });
    this.appender = new Appender(this.partition, 1 << 20, keeper);
  }

  append(): number {
    return this.appender.appendEvents({ count: 1, metadata: ["1"], dataBytes: 0 }).id;
  }

  /** Whether it has a file open, and is asked to close it where descriptors are needed. */
  get state(): [isOpen: boolean, isAsked: boolean] {
    const { appender } = this;
    const isOpen = [...this.#counted.openFiles].some(({ path }) => path.endsWith(".log"));
    return [isOpen, idleFiles.has(appender)];
  }

  end(): void {
    this.appender.close();
    this.partition.close();
    rmSync(this.directory, { recursive: true });
  }
}

function withScene(keeper: FileKeeper | undefined, body: (scene: Scene) => void): void {
  const scene = new Scene(keeper);
  try {
    body(scene);
  } finally {
    scene.end();
  }
}

test("an appender closes its file between appends, never in the middle of one", () =>
  withScene(undefined, (scene) => {
    const { appender } = scene;
    assertEquals([appender.closeIdle(), scene.state], [false, [false, false]]);
    for (let id = 0; id < 3; id++) {
      assertEquals(scene.append(), id);
      assertEquals(scene.state, [true, true]);
      assertEquals([appender.closeIdle(), scene.state], [true, [false, false]]);
      assertEquals(appender.closeIdle(), false);
    }
    appender.seal();
    assertEquals(appender.closeIdle(), false);
    assertEquals(scene.append(), 3);
    appender.close();
    assertEquals(scene.state, [false, false]);
    assertEquals([scene.answers.length > 6, scene.answers.includes(true)], [true, false]);
  }));

test("an appender does not close a file that waits for a sync, nor one with a hole before its last event", () => {
  let isSynced = false;
  withScene({ ...CLOSING_KEEPER, settle: () => isSynced }, (scene) => {
    const { appender, directory } = scene;
    scene.append();
    assertEquals([appender.closeIdle(), scene.state], [false, [true, true]]);
    isSynced = true;
    // What a power cut leaves of others' frames.
    appendFileSync(`${directory}/${segmentName(0)}`, new Uint8Array(300));
    assertEquals(scene.append(), 1);
    assertEquals([appender.closeIdle(), scene.state], [false, [true, true]]);
    appender.sealAfterHole();
    assertEquals(scene.append(), 2);
    assertEquals([appender.closeIdle(), scene.state], [true, [false, false]]);
    assertEquals(nodeStorage.list(directory).filter((name) => name.endsWith(".log")).length, 2);
  });
});
