// The FIFO daemon printed "ready" when it had created its control FIFO, and opened it for reading after that. A
// second daemon that checked in between found no reader, concluded that the FIFO's daemon had been killed,
// removed it and created its own. Both waited for ever, the first on a FIFO without a name. "Ready" must mean
// ready.
import { assert, assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { plain } from "../../src/ctl/console/colour.ts";
import { Log } from "../../src/ctl/console/log.ts";
import { FifoDaemon } from "../../src/ctl/fifo/daemon.ts";
import { openForReading, openForWriting, writeNow } from "../../src/ctl/fifo/pipe_files.ts";
import { test } from "../harness.ts";

interface Place {
  control: string;
  folder: string;
  /** Runs a daemon until it ends; `onLine` gets its log lines as they arrive. */
  run(onLine?: (line: string) => void, signal?: AbortSignal): Promise<void>;
  /** Ends the running daemons. */
  stop(): void;
}

async function withFifos(use: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-fifo-"));
  const control = join(folder, "control");
  const stopping = new AbortController();
  try {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("t");
    await use({
      control,
      folder,
      run: (onLine = () => {}, signal = stopping.signal) => {
        const log = new Log({ write: onLine, paint: plain, level: "info" });
        return new FifoDaemon({ driver, log, signal }).run(control);
      },
      stop: () => stopping.abort(),
    });
  } finally {
    stopping.abort();
    rmSync(folder, { recursive: true, force: true });
  }
}

const isReady = (line: string): boolean => line.includes("is ready");

/** The outcomes of daemons: "ran", or the error's message. */
async function ends(daemons: readonly Promise<void>[]): Promise<string[]> {
  const results = await Promise.allSettled(daemons);
  return results.map((result) => result.status === "fulfilled" ? "ran" : String(result.reason.message));
}

test("a daemon that starts when another one reports that it is ready is refused", async () => {
  await withFifos(async ({ run, stop, control }) => {
    let second: Promise<string[]> | undefined;
    const first = run((line) => {
      if (!isReady(line)) return;
      const { ino } = statSync(control);
      second = ends([run()]).finally(() => {
        assertEquals(statSync(control).ino, ino);
        stop();
      });
    });
    assertEquals(await ends([first]), ["ran"]);
    assertEquals(await second, [
      `Cannot use FIFO "${control}": another process reads it; choose another path, or end that process`,
    ]);
  });
});

test("a FIFO has a reader as soon as its name exists", async () => {
  await withFifos(async ({ run, stop, control }) => {
    const daemon = run((line) => isReady(line) && stop());
    let over = false;
    void daemon.finally(() => over = true);
    while (!over) {
      if (statSync(control, { throwIfNoEntry: false }) !== undefined) {
        const descriptor = openForWriting(control);
        assert(descriptor !== undefined, "the FIFO is there and has no reader");
        closeSync(descriptor);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await daemon;
  });
});

for (const isLeft of [false, true]) {
  const what = isLeft ? " that find the FIFO of one that was killed" : "";
  test(`of many daemons that start together${what} one runs and gets every command`, async () => {
    await withFifos(async ({ run, stop, control, folder }) => {
      if (isLeft) execFileSync("mkfifo", [control]);
      let refused = 0;
      let ready = 0;
      const received: string[] = [];
      const onLine = (line: string): void => {
        if (isReady(line)) ready++;
        if (!line.includes("Cannot run command")) return;
        received.push(/command "(\w+)"/.exec(line)![1]);
        if (received.length === 3) stop();
      };
      const daemons = Array.from({ length: 8 }, () => run(onLine));
      for (const daemon of daemons) daemon.catch(() => refused++);
      while (ready === 0 || refused < 7) await new Promise((resolve) => setTimeout(resolve, 1));
      for (const command of ["one", "two", "three"]) {
        const descriptor = openForWriting(control)!;
        writeNow(descriptor, new TextEncoder().encode(`${command}\n`));
        closeSync(descriptor);
      }
      assertEquals((await ends(daemons)).sort(), [
        ...Array(7).fill(
          `Cannot use FIFO "${control}": another process reads it; choose another path, or end that process`,
        ),
        "ran",
      ]);
      assertEquals([ready, received], [1, ["one", "two", "three"]]);
      assertEquals(readdirSync(folder), []);
    });
  });
}

test("a daemon that ends does not remove the FIFO of the next one", async () => {
  await withFifos(async ({ run, stop, control }) => {
    const first = new AbortController();
    let second: Promise<void> | undefined;
    await run((line) => {
      if (isReady(line)) first.abort();
      // The first has given up its name, and has not ended.
      if (line.includes("Stopping")) second = run((line) => isReady(line) && stop());
    }, first.signal);
    await second;
    assertEquals(statSync(control, { throwIfNoEntry: false }), undefined);
  });
});

test("a FIFO read by another program is not read as well", async () => {
  await withFifos(async ({ run, stop, control, folder }) => {
    const inlet = join(folder, "in");
    execFileSync("mkfifo", [inlet]);
    const other = openForReading(inlet);
    const lines: string[] = [];
    await run((line) => {
      lines.push(line);
      if (isReady(line)) {
        const descriptor = openForWriting(control)!;
        writeNow(descriptor, new TextEncoder().encode(`${inlet} -> t\n`));
        closeSync(descriptor);
      } else stop();
    });
    closeSync(other);
    assert(lines.some((line) => line.includes("another process reads it")), lines.join(""));
    assert(statSync(inlet).isFIFO());
  });
});
