// Brokers load their classes from an archive that Java wrote at an earlier start: it saves 40 % of the cost of
// a start.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { factors, lines, quorumProperties } from "./broker_settings.ts";
import { format } from "./format.ts";
import { accepts, freePorts } from "./ports.ts";

const START_MS_MAX = 120_000;
const POLL_MS = 50;

// When standard input closes, the broker is asked to end, which makes Java write the archive.
const RUN = `
  exec 3<&0
  "$@" > output.log 2>&1 < /dev/null & broker=$!
  ( cat <&3 > /dev/null; kill $broker 2> /dev/null ) &
  wait $broker
`;

/**
 * Options that make Java load the classes of these jars from their archive, which is written the first time.
 * Brokers that start during that time do without it, and so do all if it cannot be written.
 */
export async function classArchive(classpath: string): Promise<string[]> {
  const archive = `${dirname(classpath)}.jsa`;
  if (!existsSync(archive) && isFirst(`${archive}.begun`)) await make(classpath, archive).catch(() => {});
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
}

function isFirst(mark: string): boolean {
  try {
    mkdirSync(mark);
    return true;
  } catch {
    return false;
  }
}

/** Runs a broker until it can be reached; the classes it loaded go into the archive. */
async function make(classpath: string, archive: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-kafka-classes-"));
  try {
    const node = join(folder, "node-1");
    mkdirSync(node);
    const [port, control] = await freePorts(2);
    writeFileSync(
      join(node, "server.properties"),
      lines({
        ...quorumProperties(1, port, control, `1@127.0.0.1:${control}`),
        "log.dirs": join(node, "data"),
        ...factors(1),
      }),
    );
    format(classpath, folder, 1, []);
    const unfinished = `${archive}.unfinished`;
    const java = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const words = [...java, `-XX:ArchiveClassesAtExit=${unfinished}`, "-cp", classpath, "kafka.Kafka"];
    const child = spawn("sh", ["-c", RUN, "sh", ...words, join(node, "server.properties")], {
      stdio: ["pipe", "ignore", "ignore"],
      cwd: folder,
    });
    let hasEnded = false;
    const ended = new Promise<void>((resolve) =>
      child.once("exit", () => {
        hasEnded = true;
        resolve();
      })
    );
    const deadline = Date.now() + START_MS_MAX;
    while (!hasEnded && Date.now() < deadline && !await accepts(port)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    child.stdin!.end();
    await ended;
    renameSync(unfinished, archive);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
