/**
 * The attribute blocks that a group is sent: what its export policy makes of a path's attributes, interned, and remembered
 * by attributes id as long as nothing it was made from has changed.
 *
 * RFC 4271 section 9.1.3 (policy on the way to the Adj-RIB-Out).
 */
import { grown } from '../base/key-table.ts';
import type { AttributeTable } from './attribute-table.ts';
import { ByteTable } from './byte-table.ts';
import type { Exporter } from './export-policy.ts';
import type { AttributesId, SourceId } from './ids.ts';
import type { SourceTable } from './source-table.ts';

export class OutboundBlocks {
  readonly table = new ByteTable();
  readonly #attributes: AttributeTable;
  readonly #sources: SourceTable;
  readonly #exporter: Exporter;
  /** By attributes id: the block, good as long as both generations and the source are the same. */
  #block = new Int32Array(0);
  #source = new Int32Array(0);
  #generation = new Uint16Array(0);
  #blockGeneration = new Uint16Array(0);

  constructor(attributes: AttributeTable, sources: SourceTable, exporter: Exporter) {
    this.#attributes = attributes;
    this.#sources = sources;
    this.#exporter = exporter;
  }

  get octets(): number {
    return this.table.octets + this.#block.length * 12;
  }

  /** The block for a path with these attributes; 0 when the policy does not let it out. It may have no reference yet. */
  of(attributes: AttributesId, source: SourceId): number {
    if (attributes >= this.#block.length) this.#grow(this.#attributes.capacity);
    const generation = this.#attributes.generation(attributes);
    const incarnation = this.#sources.incarnation[source]!;
    const known = this.#block[attributes]!;
    if (
      this.#source[attributes] === incarnation &&
      this.#generation[attributes] === generation &&
      (known === 0 || this.#blockGeneration[attributes] === this.table.generation(known))
    ) {
      return known;
    }
    const block = this.#exporter.allows(attributes, source)
      ? this.table.intern(this.#exporter.outbound(attributes, source))
      : 0;
    this.#block[attributes] = block;
    this.#source[attributes] = incarnation;
    this.#generation[attributes] = generation;
    this.#blockGeneration[attributes] = block === 0 ? 0 : this.table.generation(block);
    return block;
  }

  #grow(capacity: number): void {
    this.#block = grown(this.#block, capacity);
    this.#source = grown(this.#source, capacity);
    this.#generation = grown(this.#generation, capacity);
    this.#blockGeneration = grown(this.#blockGeneration, capacity);
  }
}
