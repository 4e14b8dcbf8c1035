import type { Invocation } from "../command.ts";
import { ROOT_PATH_DEFAULT } from "../../drivers/files/root_path.ts";
import { openDriver } from "../connect.ts";
import type { Style } from "../console/colour.ts";
import { visible } from "../console/visible.ts";
import { checkFolder } from "../doctor/folder.ts";
import { type Finding, finding, type Verdict } from "../doctor/check.ts";
import { EXIT } from "../exit_codes.ts";
import { counted } from "../../counted.ts";

const STYLES: Readonly<Record<Verdict, Style>> = { ok: "green", warn: "yellow", fail: "red", unknown: "dim" };

/** Checks a folder or an engine. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console } = invocation;
  const { name, document } = args.document("driver");
  const findings: Finding[] = [];
  let foreign: string[] = [];
  if (name === "files") {
    const root = document.root_path;
    findings.push(...await checkFolder(typeof root === "string" ? root : ROOT_PATH_DEFAULT));
  }
  findings.push(
    await finding("engine", async () => {
      const started = performance.now();
      await using driver = await openDriver(invocation);
      const topics = await driver.listTopics();
      const ms = Math.round(performance.now() - started);
      foreign = [...topics.values()].filter((info) => info.foreign !== undefined).map((info) => info.name);
      return {
        verdict: "ok",
        detail: `driver "${name}" answers in ${ms} ms; ${counted(topics.size, "topic")}`,
      };
    }),
  );
  if (foreign.length > 0) {
    const detail = `the C++ files driver wrote events of its own into ${
      foreign.map((topic) => `"${topic}"`).join(", ")
    }: see "diaspora-ctl topic list --verbose"`;
    findings.push({ check: "other programs", verdict: "warn", detail });
  }
  for (const { check, verdict, detail } of findings) {
    if (args.flag("json")) await console.out.json({ check, verdict, detail });
    else {
      const head = console.paint(STYLES[verdict], verdict.padEnd(8));
      await console.out.painted(`${head}${check.padEnd(18)}${visible(detail)}\n`);
    }
  }
  if (findings.some(({ verdict }) => verdict === "fail")) return EXIT.failure;
}
