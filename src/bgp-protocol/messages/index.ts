/**
 * The five BGP messages. RFC 4271 section 4, RFC 2918.
 */
export * from './keepalive.ts';
export * from './notification.ts';
export * from './notification-text.ts';
export * from './open.ts';
export * from './route-refresh.ts';
