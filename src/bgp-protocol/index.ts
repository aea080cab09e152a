/**
 * The public surface of the package: bytes to values and back. See README.md for what is covered and how.
 */
export * from './attribute-block.ts';
export * from './attributes/index.ts';
export * from './attributes/text.ts';
export * from './capabilities/index.ts';
export * from './capabilities/text.ts';
export * from './communities/index.ts';
export * from './context.ts';
export * from './evpn/index.ts';
export * from './family.ts';
export * from './faults.ts';
export * from './framer.ts';
export * from './iana.ts';
export * from './messages/index.ts';
export * from './nlri/index.ts';
export * from './octets.ts';
export * from './reader.ts';
export * from './text/index.ts';
export * from './update-walker.ts';
export * from './update-writer.ts';
export * from './writer.ts';
