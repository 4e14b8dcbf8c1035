/** The number of an event in its partition: consecutive, starting at 0, always a safe integer. */
export type EventID = number;
