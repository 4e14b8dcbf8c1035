import type { Driver, JsonValue, TopicInfo } from "../../../mod.ts";
import { counted } from "../../text/counted.ts";
import { ROOT_PATH_DEFAULT } from "../../drivers/files/root_path.ts";
import { type Finding, finding } from "./check.ts";
import { checkFolder } from "./folder.ts";

/** Checks the folder of a store, if it has one, and whether its engine responds. */
export async function findingsOf(
  { driver, rootPath, open }: {
    driver: string | undefined;
    rootPath: JsonValue | undefined;
    open: () => Promise<Driver>;
  },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let infos: TopicInfo[] = [];
  if (driver === "files") {
    findings.push(...await checkFolder(typeof rootPath === "string" ? rootPath : ROOT_PATH_DEFAULT));
  }
  findings.push(
    await finding("engine", async () => {
      const started = performance.now();
      await using opened = await open();
      const topics = await opened.listTopics();
      const ms = Math.round(performance.now() - started);
      infos = [...topics.values()];
      return {
        verdict: "ok",
        detail: `driver "${driver}" answers in ${ms} ms; ${counted(topics.size, "topic")}`,
      };
    }),
  );
  for (const { name, fault } of infos) {
    if (fault === undefined) continue;
    findings.push({ check: "topics", verdict: "warn", detail: `"${name}" cannot be opened: ${fault}` });
  }
  const foreign = infos.filter((info) => info.foreign !== undefined).map(({ name }) => name);
  if (foreign.length > 0) {
    const detail = `the C++ files driver wrote events of its own into ${
      foreign.map((topic) => `"${topic}"`).join(", ")
    }: see "diaspora-ctl topic list --verbose"`;
    findings.push({ check: "other programs", verdict: "warn", detail });
  }
  return findings;
}
