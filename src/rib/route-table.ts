/**
 * The rows of the table: a route row per destination, a path row per announcement, linked into the list of its
 * destination with the best path first. Columns only; what they mean is decided in best-path.ts and rib.ts.
 */
import { grown } from '../base/key-table.ts';
import { type AttributesId, NONE, type PathId, type PayloadId, type RouteId, type SourceId } from './ids.ts';
import { KeyArena } from './key-arena.ts';
import type { KeyBatch } from './key-batch.ts';

const FIRST_ROUTES = 1216;
/**
 * Rows that the columns of paths begin with. They double, and as no two begin with the same they do so at different times: all
 * at once, the insert that needed them took 10 ms with a million rows, and one column takes 1 to 2.
 */
const FIRST_PATHS = [1024, 1152, 1280, 1408, 1536, 1664, 1792, 1920] as const;

export class RouteTable {
  readonly keys = new KeyArena();
  /** Per route: its first path, the best one if any is fit to be; NONE when it has no path. */
  firstPath = new Int32Array(FIRST_ROUTES);
  /** Per path: its route, NONE when the row is free; `next` is then the next free row. */
  route = new Int32Array(FIRST_PATHS[0]);
  next = new Int32Array(FIRST_PATHS[1]);
  attributes = new Int32Array(FIRST_PATHS[2]);
  payload = new Int32Array(FIRST_PATHS[3]);
  source = new Uint16Array(FIRST_PATHS[4]);
  /** PATH_STATE: best, or why not. */
  state = new Uint8Array(FIRST_PATHS[5]);
  generation = new Uint8Array(FIRST_PATHS[6]);
  /** Seconds of the table's clock at which the path was last announced anew. */
  changedAt = new Uint32Array(FIRST_PATHS[7]);
  #freePath: PathId = NONE;
  #pathLimit = 0;
  /** Path rows that every column has. */
  #pathRoom: number = FIRST_PATHS[0];
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
    const columns = this.#columns().reduce((sum, column) => sum + column.byteLength, 0);
    return this.keys.memoryOctets + this.firstPath.byteLength + columns;
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
    if (this.#pathLimit === this.#pathRoom) this.#growPaths(this.#pathRoom);
    return this.#pathLimit++;
  }

  /** Doubles the columns that have no more than `full` rows. */
  #growPaths(full: number): void {
    this.route = doubled(this.route, full);
    this.next = doubled(this.next, full);
    this.attributes = doubled(this.attributes, full);
    this.payload = doubled(this.payload, full);
    this.source = doubled(this.source, full);
    this.state = doubled(this.state, full);
    this.generation = doubled(this.generation, full);
    this.changedAt = doubled(this.changedAt, full);
    this.#pathRoom = Math.min(...this.#columns().map((column) => column.length));
  }

  #columns(): readonly Column[] {
    const { route, next, attributes, payload, source, state, generation, changedAt } = this;
    return [route, next, attributes, payload, source, state, generation, changedAt];
  }
}

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array;

const doubled = <T extends Column>(column: T, full: number): T =>
  column.length > full ? column : grown(column, column.length * 2);
