// What a process has in the core's memory, which is put aside while another one runs in the middle of its work.
import { core } from "../../src/log/format/core/core.ts";
import { type ReadWindow, readWindow } from "../../src/log/segment/window.ts";

/**
 * Copies the slot and what may be in the window to `kept`, which has room for at least the slot; the returned function
 * puts both back.
 */
export function keepSharedMemory(kept: Uint8Array): () => void {
  const { slot, slotBytes } = core;
  kept.set(core.u8.subarray(slot, slot + slotBytes));
  const putBack = keepWindow(readWindow, kept.subarray(slotBytes));
  return () => {
    core.u8.set(kept.subarray(0, slotBytes), slot);
    putBack();
  };
}

/** Copies the start of the read area to `kept`, and what a window says of it. */
export function keepWindow(window: ReadWindow, kept: Uint8Array): () => void {
  const { readArea, u8 } = core;
  kept.set(u8.subarray(readArea, readArea + kept.byteLength));
  const [source, start, end] = [window["source"], window["start"], window["end"]];
  const lookaheads = window["lookaheads"].splice(0);
  return () => {
    core.u8.set(kept, core.readArea);
    [window["source"], window["start"], window["end"]] = [source, start, end];
    window["lookaheads"].splice(0, Infinity, ...lookaheads);
    window.loads++;
  };
}
