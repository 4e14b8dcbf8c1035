import { openJsonLine } from "../../../event/json_line.ts";
import { writeEncoded } from "../../consume/data_sink.ts";
import { Output } from "../../console/output.ts";
import type { ExportJob } from "../contract.ts";
import { fileOption } from "../transfer_options.ts";
import { openExportFile } from "../export_file.ts";
import { eventsOf } from "../topic_events.ts";

/**
 * Writes a topic as JSON Lines, one partition after the other:
 * `{"partition":0,"id":0,"timestamp":1763913600000,"metadata":…,"data":"base64"}`, without `data` if there is
 * none.
 */
export async function exportTopic(job: ExportJob): Promise<void> {
  const path = fileOption("to", job.options);
  const file = openExportFile(path, job.console.out.stream);
  const out = path === "-" ? job.console.out : new Output(file.stream, `"${path}"`);
  try {
    for await (const { events } of eventsOf(job.topic, job)) {
      for (const event of events) {
        const head = openJsonLine(event);
        if (event.dataDescriptor.size === 0) {
          const wait = out.line(`${head}}`);
          if (wait !== undefined) await wait;
          continue;
        }
        await out.text(`${head},"data":"`);
        await writeEncoded(event, "base64", out);
        await out.text('"}\n');
      }
    }
    await out.flush();
    await file.finish();
  } catch (error) {
    file.abandon();
    throw error;
  }
}
