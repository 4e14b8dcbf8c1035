/** The outcome of a push, as its producer knows it. */
export type Outcome = "pending" | "completed" | "failed" | "unknown";

/** An event that some producer pushed. */
export interface Push {
  key: string;
  partition: number;
  metadata: string;
  data: Uint8Array;
  outcome: Outcome;
  id?: number;
  /** Its future completed, whatever a power cut did to it later. */
  wasCompleted: boolean;
  /** A completed sync covers it: a power cut must preserve it. */
  isDurable: boolean;
  /** When it was pushed, and when that was done, in real time. */
  startedAt: number;
  endedAt: number;
}
