import type { Invocation } from "../command.ts";
import { openDriver, topicNameOf } from "../connect.ts";
import { EXIT } from "../exit_codes.ts";
import { counted } from "../../text/counted.ts";
import { type Finding, planRepair, type RepairStep } from "../../log/check/mod.ts";
import { carryOut } from "../verify/carry_out.ts";
import { eventsText, findingLine } from "../verify/report.ts";
import { filesTopics, TopicFiles } from "../verify/store.ts";

/** Salvages everything intact of a damaged topic. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console, signal } = invocation;
  const name = topicNameOf(args);
  await using driver = await openDriver(invocation);
  const [info] = await filesTopics(driver, args, "repair");
  // A topic with a name exists.
  const files = new TopicFiles(info!);
  const verify = async (): Promise<Finding[]> => {
    const progress = console.startProgress("verified");
    try {
      const findings: Finding[] = [];
      const count = (done: { bytes: number; events: number }): void => {
        progress.done.bytes += done.bytes;
        progress.done.events += done.events;
      };
      for await (const finding of files.verify({ signal, progress: count })) findings.push(finding);
      return findings;
    } finally {
      progress.stop();
    }
  };
  const { steps, unrepairable } = planRepair(await verify());
  for (const step of steps) {
    if (args.flag("json")) await console.out.json(stepDocument(step));
    else await console.out.line(stepLine(step));
  }
  for (const finding of unrepairable) console.log.error(`Cannot repair ${findingLine(name, finding)}`);
  if (steps.length === 0) {
    if (unrepairable.length === 0) console.log.info(`Topic '${name}' needs no repair`);
    return codeFor(unrepairable);
  }
  if (args.flag("dry-run")) return codeFor(unrepairable);
  await console.out.flush();
  const question = `Repair topic "${name}" in ${counted(steps.length, "step")}?`;
  if (!await console.confirm(question, { yes: args.flag("yes"), signal })) return EXIT.failure;
  const kept = await carryOut(files, steps);
  console.log.info(`Topic '${name}' repaired; the original files are in "${kept}"`);
  const left = (await verify()).filter(({ severity }) => severity !== "torn");
  for (const finding of left) console.log.error(`Still wrong: ${findingLine(name, finding)}`);
  return codeFor(left);
}

/** Whether what stays wrong is damage, or only not known. */
function codeFor(findings: readonly Finding[]): number {
  if (findings.length === 0) return EXIT.ok;
  return findings.every(({ severity }) => severity === "unreadable" || severity === "foreign")
    ? EXIT.failure
    : EXIT.damage;
}

function stepLine(step: RepairStep): string {
  const { kind, partition, file, offset, reason } = step;
  return `${kind}: partition ${partition}${eventsText(step)}: ${reason} in "${file}" at byte ${offset}`;
}

function stepDocument({ kind, partition, firstId, endId, file, offset, bytes, reason }: RepairStep): object {
  return { kind, partition, first_id: firstId, end_id: endId, file, offset, bytes, reason };
}
