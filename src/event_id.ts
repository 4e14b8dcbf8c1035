/** The number of an event in its partition: dense, increasing, from 0, always a safe integer. */
export type EventID = number;
