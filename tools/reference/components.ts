/** An option of a component's document. */
export interface ComponentOption {
  /** The values it accepts. */
  type: string;
  /** Its default. */
  otherwise: string;
  /** What it means. */
  meaning: string;
}

/**
 * The documents of the built-in components, by kind and type. A test checks which keys the components read.
 */
export const COMPONENT_OPTIONS: Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, ComponentOption>>>>>
> = {
  validator: {
    default: {},
    schema: {
      schema: {
        type: "a JSON Schema",
        otherwise: "required",
        meaning: "What metadata must match",
      },
      draft: {
        type: '"2020-12", "2019-09", "draft-07", "draft-06" or "draft-04"',
        otherwise: "what the schema says; otherwise 2020-12, or draft 07 if `items` is a list",
        meaning: "Draft to use for a schema without `$schema`",
      },
    },
    eventbridge: {
      pattern: {
        type: "an event pattern",
        otherwise: "required, here or as `schema`",
        meaning: "What metadata must match, in the language of Amazon EventBridge",
      },
      schema: {
        type: "an event pattern",
        otherwise: "required, here or as `pattern`",
        meaning: "The same, under the name that the C++ library writes",
      },
    },
  },
  "partition selector": {
    default: {},
    key: {
      pointer: {
        type: 'a JSON pointer, e.g. "/user/id"',
        otherwise: "required",
        meaning: "Location of the key in the metadata; equal keys go to the same partition",
      },
    },
  },
  serializer: {
    default: {},
    cbor: {},
    schema: {
      schema: {
        type: "a JSON Schema",
        otherwise: "required",
        meaning: "Stored for the C++ library; metadata is stored as JSON text",
      },
    },
  },
};
