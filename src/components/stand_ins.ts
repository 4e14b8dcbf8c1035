/**
 * Stand-ins for components whose modules are still being loaded: they know their documents already, and their
 * methods resolve as soon as the real component is loaded.
 *
 * @module
 */
import type { JsonValue } from "../json.ts";
import type {
  ComponentDocument,
  PartitionInfo,
  PartitionSelector,
  Serializer,
  Validator,
} from "./contract.ts";

/** Stands in for a validator. */
export class ValidatorStandIn implements Validator {
  constructor(private readonly loading: Promise<Validator>, private readonly document: ComponentDocument) {}

  async validate(metadata: JsonValue, data: readonly Uint8Array[]): Promise<void> {
    await (await this.loading).validate(metadata, data);
  }

  config(): ComponentDocument {
    return structuredClone(this.document);
  }
}

/** Stands in for a partition selector. */
export class PartitionSelectorStandIn implements PartitionSelector {
  constructor(
    private readonly loading: Promise<PartitionSelector>,
    private readonly document: ComponentDocument,
  ) {}

  setPartitions(infos: readonly PartitionInfo[]): void {
    this.loading.then((selector) => selector.setPartitions(infos), () => {});
  }

  async selectPartitionFor(metadata: JsonValue, requested?: number): Promise<number> {
    return await (await this.loading).selectPartitionFor(metadata, requested);
  }

  config(): ComponentDocument {
    return structuredClone(this.document);
  }
}

/** Stands in for a serializer. */
export class SerializerStandIn implements Serializer {
  constructor(private readonly loading: Promise<Serializer>, private readonly document: ComponentDocument) {}

  async serialize(metadata: JsonValue): Promise<Uint8Array | string> {
    return await (await this.loading).serialize(metadata);
  }

  async deserialize(bytes: Uint8Array): Promise<JsonValue> {
    return await (await this.loading).deserialize(bytes);
  }

  config(): ComponentDocument {
    return structuredClone(this.document);
  }
}
