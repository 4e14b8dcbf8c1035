/** Sizes of batches that need no number. */
export const BatchSize = {
  /** At once when idle, larger the more there is to do. */
  Adaptive: "adaptive",
} as const;

/** Number of events in a batch, or {@linkcode BatchSize.Adaptive}. */
export type BatchSize = number | typeof BatchSize.Adaptive;
