// What a broker finds in its folder when it starts for the first time.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const CLUSTER_ID = "ZGlhc3BvcmEtdGVzdHMuLg";

/** Writes the first record of each node's log, as Kafka's tool does before the first start. */
export function format(classpath: string, folder: string, count: number, scram: readonly string[]): void {
  const first = join(folder, "node-1");
  const kept = `${dirname(classpath)}-formatted`;
  // It is the same for every cluster without logins, and the tool takes a second of Java to write it.
  if (scram.length === 0 && existsSync(kept)) {
    // A copy even of a link: brokers write to it.
    cpSync(kept, join(first, "data"), { recursive: true, dereference: true });
  } else formatWithTool(classpath, first, scram);
  if (scram.length === 0 && !existsSync(kept)) keep(join(first, "data"), kept);
  // Nodes differ only in their names.
  const names = readFileSync(join(first, "data/meta.properties"), "utf8");
  for (let node = 1; node <= count; node++) {
    const data = join(folder, `node-${node}`, "data");
    if (node > 1) cpSync(join(first, "data"), data, { recursive: true });
    const directoryId = randomBytes(16).toString("base64url");
    writeFileSync(
      join(data, "meta.properties"),
      names.replace(/^node\.id=.*$/m, `node.id=${node}`)
        .replace(/^directory\.id=.*$/m, `directory.id=${directoryId}`),
    );
  }
}

/** Keeps the tool's output next to the jars; renamed into place, so that others only find a complete one. */
function keep(data: string, place: string): void {
  const copy = mkdtempSync(`${place}-`);
  cpSync(data, copy, { recursive: true });
  try {
    renameSync(copy, place);
  } catch {
    // Another process was faster.
    rmSync(copy, { recursive: true });
  }
}

function formatWithTool(classpath: string, first: string, scram: readonly string[]): void {
  const { status, stderr, stdout } = spawnSync("java", [
    "-XX:TieredStopAtLevel=1",
    "-cp",
    `${first}:${classpath}`,
    "kafka.tools.StorageTool",
    ...["format", "-t", CLUSTER_ID, "-c", join(first, "server.properties")],
    ...scram.flatMap((login) => ["--add-scram", login]),
  ], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Kafka's storage cannot be formatted: ${stdout}${stderr}`);
}
