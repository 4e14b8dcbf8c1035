/** A value that JSON can represent. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object: the form of every configuration document. */
export type JsonObject = { [key: string]: JsonValue };
