/**
 * The components of the energy topic. Its events are measurements such as `{ "energy": 42 }`: the validator
 * requires an energy below a maximum, the partition selector sends each range of energies to its own
 * partition, and the serializer writes one byte per event.
 *
 * Topics name them as `"EnergyValidator:./examples/energy/energy.ts"` and so on; programs that read or write
 * such a topic have to allow this module.
 *
 * @module
 */
import { InvalidMetadataError, InvalidOptionError } from "../../mod.ts";
import type {
  ComponentDocument,
  JsonValue,
  PartitionInfo,
  PartitionSelector,
  Serializer,
  Validator,
} from "../../mod.ts";

/** The metadata of an event. */
export type Measurement = {
  /** In GeV. */
  energy: number;
};

/** Accepts measurements from 0 to below `energy_max` (default: 100). */
export class EnergyValidator implements Validator<Measurement> {
  readonly #max: number;

  constructor(document: ComponentDocument) {
    this.#max = numberOf(document, "energy_max", 100);
  }

  validate(metadata: JsonValue): void {
    const energy = energyOf(metadata);
    if (energy < 0 || energy >= this.#max) {
      throw new InvalidMetadataError(
        `Cannot accept metadata: at "/energy" expected a number from 0 and below ${this.#max}, found ${energy}`,
      );
    }
  }

  config(): ComponentDocument {
    return { type: "EnergyValidator", energy_max: this.#max };
  }
}

/** Divides the range from `min` (default: 0) to `max` (default: 100) equally among the partitions. */
export class EnergySelector implements PartitionSelector {
  readonly #min: number;
  readonly #max: number;
  #count = 1;

  constructor(document: ComponentDocument) {
    this.#min = numberOf(document, "min", 0);
    this.#max = numberOf(document, "max", 100);
  }

  setPartitions(infos: readonly PartitionInfo[]): void {
    this.#count = infos.length;
  }

  selectPartitionFor(metadata: JsonValue): number {
    const share = (energyOf(metadata) - this.#min) / (this.#max - this.#min);
    return Math.min(Math.max(Math.floor(share * this.#count), 0), this.#count - 1);
  }

  config(): ComponentDocument {
    return { type: "EnergySelector", min: this.#min, max: this.#max };
  }
}

/** Writes the energy, rounded down, as one byte. The rest of the metadata is dropped. */
export class EnergySerializer implements Serializer {
  serialize(metadata: JsonValue): Uint8Array {
    const energy = energyOf(metadata);
    if (energy < 0 || energy >= 256) {
      throw new InvalidMetadataError(
        `Cannot write energy ${energy} as one byte: expected a number from 0 and below 256`,
      );
    }
    return new Uint8Array([energy]);
  }

  deserialize(bytes: Uint8Array): Measurement {
    return { energy: bytes[0] };
  }

  config(): ComponentDocument {
    return { type: "EnergySerializer" };
  }
}

function energyOf(metadata: JsonValue): number {
  const energy = typeof metadata === "object" && metadata !== null && "energy" in metadata
    ? metadata.energy
    : undefined;
  if (typeof energy === "number") return energy;
  throw new InvalidMetadataError('Cannot accept metadata: at "/energy" expected a number');
}

function numberOf(document: ComponentDocument, key: string, otherwise: number): number {
  const value = document[key] ?? otherwise;
  if (typeof value === "number") return value;
  throw new InvalidOptionError(key, `Cannot make ${document.type}: expected a number under "${key}"`);
}
