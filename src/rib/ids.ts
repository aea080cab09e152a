/**
 * The integers that stand for routes, paths, attribute blocks and sources in the table's columns.
 */
declare const brand: unique symbol;

/** A destination: one EVPN route key (RFC 7432 section 7: RD, type and key fields). A row number. */
export type RouteId = number & { readonly [brand]?: 'RouteId' };
/** One source's announcement for a destination. A row number. */
export type PathId = number & { readonly [brand]?: 'PathId' };
/** An interned attribute block; 0 is none. */
export type AttributesId = number & { readonly [brand]?: 'AttributesId' };
/** Interned non-key NLRI octets (ESI and labels of a type-2 route); 0 is none. */
export type PayloadId = number & { readonly [brand]?: 'PayloadId' };
/** Where a path came from: LOCAL or a peer. */
export type SourceId = number & { readonly [brand]?: 'SourceId' };

/** The source of what this speaker originates. */
export const LOCAL: SourceId = 0;
/** No route, no path. */
export const NONE = -1;
