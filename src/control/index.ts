/** The API of the daemon: its types, the server that the daemon opens, and the client that evpnctl uses. */
export * from './api.ts';
export { ControlClient, type Query } from './client.ts';
export { CONTROL_ROUTES } from './routes.ts';
export { ControlServer, type ControlServerOptions } from './server.ts';
