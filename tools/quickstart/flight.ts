/** One record of the flights in the npm package `vega-datasets`. */
export interface Flight {
  /** Delay on arrival, in minutes; negative when early. */
  delay: number;
  /** Distance flown, in miles. */
  distance: number;
  /** Time of departure, in hours since midnight of the first day. */
  time: number;
}

/** The topic of the quick start. */
export const TOPIC = "flights";

/** Where the flights are. */
export const FLIGHTS_FILE = "node_modules/vega-datasets/data/flights-200k.json";
