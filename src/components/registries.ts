import type { PartitionSelector, Serializer, Validator } from "./contract.ts";
import { DefaultPartitionSelector } from "./partition_selectors/default.ts";
import { KeyPartitionSelector } from "./partition_selectors/key.ts";
import { ComponentRegistry } from "./registry.ts";
import { CborSerializer } from "./serializers/cbor.ts";
import { DefaultSerializer } from "./serializers/default.ts";
import { SchemaSerializer } from "./serializers/schema.ts";
import { DefaultValidator } from "./validators/default.ts";
import { EventBridgeValidator } from "./validators/eventbridge.ts";
import { loadCompiler } from "./validators/json_schema/ajv.ts";
import { checkDraft } from "./validators/json_schema/draft.ts";
import { SchemaValidator } from "./validators/schema.ts";

/** Validators by name. */
export const validators: ComponentRegistry<Validator> = new ComponentRegistry<Validator>("validator", [
  "validate",
  "config",
], {
  default: { make: () => new DefaultValidator() },
  schema: {
    prepare: ({ schema = null, draft }) => loadCompiler(schema, checkDraft(draft)),
    make: (document) => SchemaValidator.fromDocument(document),
  },
  eventbridge: { make: (document) => EventBridgeValidator.fromDocument(document) },
});

/** Partition selectors by name. */
export const selectors: ComponentRegistry<PartitionSelector> = new ComponentRegistry<PartitionSelector>(
  "partition selector",
  ["setPartitions", "selectPartitionFor", "config"],
  {
    default: { make: () => new DefaultPartitionSelector() },
    key: { make: (document) => KeyPartitionSelector.fromDocument(document) },
  },
);

/** Serializers by name. */
export const serializers: ComponentRegistry<Serializer> = new ComponentRegistry<Serializer>("serializer", [
  "serialize",
  "deserialize",
  "config",
], {
  default: { make: () => new DefaultSerializer() },
  cbor: { prepare: () => CborSerializer.load(), make: () => CborSerializer.make() },
  schema: {
    // Like the C++ library, which reads every schema as draft 07.
    check: ({ schema = null }) => SchemaValidator.compile(schema, { draft: "draft-07" }),
    make: (document) => SchemaSerializer.fromDocument(document),
  },
});
