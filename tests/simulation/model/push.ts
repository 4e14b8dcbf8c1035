/** What became of a push, as its producer knows. */
export type Outcome = "pending" | "completed" | "failed" | "unknown";

/** An event that some producer pushed. */
export interface Push {
  key: string;
  partition: number;
  metadata: string;
  data: Uint8Array;
  outcome: Outcome;
  id?: number;
  /** Its future completed, whatever a power cut made of it later. */
  wasCompleted: boolean;
  /** A completed sync covers it: a power cut must leave it. */
  isDurable: boolean;
  /** When it was pushed, and when that was done, as time that really passed. */
  startedAt: number;
  endedAt: number;
}
