/** Batch sizes other than a number. */
export const BatchSize = {
  /** Small and immediate when idle, larger under load. */
  Adaptive: "adaptive",
} as const;

/** Number of events in a batch, or {@linkcode BatchSize.Adaptive}. */
export type BatchSize = number | typeof BatchSize.Adaptive;
