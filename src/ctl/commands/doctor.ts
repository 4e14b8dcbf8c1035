import type { Driver } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { openDriver } from "../connect.ts";
import type { Style } from "../console/colour.ts";
import { visible } from "../console/visible.ts";
import type { Verdict } from "../doctor/check.ts";
import { findingsOf } from "../doctor/findings.ts";
import { EXIT } from "../exit_codes.ts";
import { exitCodeOf } from "../report.ts";

const STYLES: Readonly<Record<Verdict, Style>> = { ok: "green", warn: "yellow", fail: "red", unknown: "dim" };

/** Checks a folder or an engine. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console } = invocation;
  const { name, document } = args.document("driver");
  let fault: unknown;
  const open = async (): Promise<Driver> => {
    try {
      return await openDriver(invocation);
    } catch (error) {
      throw fault = error;
    }
  };
  const findings = await findingsOf({ driver: name, rootPath: document.root_path, open });
  // An option that is wrong says nothing about the folder or the engine.
  if (fault !== undefined && exitCodeOf(fault) === EXIT.usage) throw fault;
  for (const { check, verdict, detail } of findings) {
    if (args.flag("json")) await console.out.json({ check, verdict, detail });
    else {
      const head = console.paint(STYLES[verdict], verdict.padEnd(8));
      await console.out.painted(`${head}${check.padEnd(18)}${visible(detail)}\n`);
    }
  }
  if (findings.some(({ verdict }) => verdict === "fail")) return EXIT.failure;
}
