/**
 * The rows of the table: a route row per destination, a path row per announcement, linked into the list of its
 * destination with the best path first. Columns only; what they mean is decided in best-path.ts and rib.ts.
 */
import { grown } from '../base/key-table.ts';
import { type AttributesId, NONE, type PathId, type PayloadId, type RouteId, type SourceId } from './ids.ts';
import { KeyArena } from './key-arena.ts';
import type { KeyBatch } from './key-batch.ts';

/** Columns double; beginning unequal, they do so at different times, and no single insert pays for all. */
const FIRST_ROUTES = 1280;
const FIRST_PATHS = 1536;

export class RouteTable {
  readonly keys = new KeyArena();
  /** Per route: its first path, the best one if any is fit to be; NONE when it has no path. */
  firstPath = new Int32Array(FIRST_ROUTES);
  /** Per path: its route, NONE when the row is free; `next` is then the next free row. */
  route = new Int32Array(FIRST_PATHS);
  next = new Int32Array(FIRST_PATHS);
  attributes = new Int32Array(FIRST_PATHS);
  payload = new Int32Array(FIRST_PATHS);
  source = new Uint16Array(FIRST_PATHS);
  /** PATH_STATE: best, or why not. */
  state = new Uint8Array(FIRST_PATHS);
  generation = new Uint8Array(FIRST_PATHS);
  /** Seconds of the table's clock at which the path was last announced anew. */
  changedAt = new Uint32Array(FIRST_PATHS);
  #freePath: PathId = NONE;
  #pathLimit = 0;
  #paths = 0;

  get routes(): number {
    return this.keys.size;
  }

  get paths(): number {
    return this.#paths;
  }

  /** Path rows are below this number. */
  get pathLimit(): number {
    return this.#pathLimit;
  }

  get memoryOctets(): number {
    return this.keys.memoryOctets + this.firstPath.byteLength + this.route.length * 24;
  }

  /** The row of a key of the batch, made if need be. */
  insertRoute(batch: KeyBatch, index: number): RouteId {
    const before = this.keys.size;
    const route: RouteId = this.keys.insert(batch, index);
    if (this.keys.size === before) return route;
    if (route >= this.firstPath.length) this.firstPath = grown(this.firstPath, this.firstPath.length * 2);
    this.firstPath[route] = NONE;
    return route;
  }

  pathOf(route: RouteId, source: SourceId): PathId {
    let path: PathId = this.firstPath[route]!;
    while (path !== NONE && this.source[path] !== source) path = this.next[path]!;
    return path;
  }

  /** Adds a path row at the end of the route's list: it is no best path yet. */
  addPath(
    route: RouteId,
    source: SourceId,
    payload: PayloadId,
    attributes: AttributesId,
    generation: number,
  ): PathId {
    const path = this.#takePath();
    this.route[path] = route;
    this.source[path] = source;
    this.payload[path] = payload;
    this.attributes[path] = attributes;
    this.generation[path] = generation;
    this.state[path] = 0;
    this.next[path] = NONE;
    let last: PathId = this.firstPath[route]!;
    if (last === NONE) this.firstPath[route] = path;
    else {
      while (this.next[last] !== NONE) last = this.next[last]!;
      this.next[last] = path;
    }
    this.#paths++;
    return path;
  }

  removePath(path: PathId): void {
    this.#unlink(path);
    this.route[path] = NONE;
    this.next[path] = this.#freePath;
    this.#freePath = path;
    this.#paths--;
  }

  moveToFront(path: PathId): void {
    const route = this.route[path]!;
    if (this.firstPath[route] === path) return;
    this.#unlink(path);
    this.next[path] = this.firstPath[route]!;
    this.firstPath[route] = path;
  }

  #unlink(path: PathId): void {
    const route = this.route[path]!;
    const next = this.next[path]!;
    if (this.firstPath[route] === path) {
      this.firstPath[route] = next;
      return;
    }
    let before: PathId = this.firstPath[route]!;
    while (this.next[before] !== path) before = this.next[before]!;
    this.next[before] = next;
  }

  #takePath(): PathId {
    const free = this.#freePath;
    if (free !== NONE) {
      this.#freePath = this.next[free]!;
      return free;
    }
    if (this.#pathLimit === this.route.length) this.#growPaths(this.route.length * 2);
    return this.#pathLimit++;
  }

  #growPaths(length: number): void {
    this.route = grown(this.route, length);
    this.next = grown(this.next, length);
    this.attributes = grown(this.attributes, length);
    this.payload = grown(this.payload, length);
    this.source = grown(this.source, length);
    this.state = grown(this.state, length);
    this.generation = grown(this.generation, length);
    this.changedAt = grown(this.changedAt, length);
  }
}
