/** What can go wrong with an OVSDB server, by a code that programs can tell apart. */

export type OvsdbErrorCode =
  /** The connection could not be had, or was lost; what was asked may or may not have happened. */
  | 'disconnected'
  /** The peer does not answer. */
  | 'silent'
  /** The peer sends what is no JSON-RPC, or more than the bounds allow. */
  | 'malformed'
  /** A certificate is missing, expired, or not signed by the expected authority. */
  | 'certificate'
  /** The server has no such database, or its schema lacks what is needed. */
  | 'schema'
  /** The server answered a request with an error. */
  | 'refused';

export class OvsdbError extends Error {
  override readonly name = 'OvsdbError';
  readonly code: OvsdbErrorCode;

  constructor(code: OvsdbErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const malformed = (what: string, cause?: unknown): OvsdbError =>
  new OvsdbError('malformed', `Cannot read what the switch sends: ${what}`, { cause });

/** The words of any error: system errors have a code that says more than their message. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && !error.message.includes(code)
    ? `${code}: ${error.message}`
    : error.message;
}

/**
 * What ended a connection. With TLS 1.3 a server that refuses our certificate says so only after the handshake, so this may come at
 * any time.
 */
export function connectionError(cause: Error): OvsdbError {
  const { code, reason } = cause as NodeJS.ErrnoException & { readonly reason?: string };
  if (typeof code !== 'string' || !/CERT|SSL|TLS|SIGNATURE|ISSUER/.test(code)) {
    return new OvsdbError('disconnected', errorText(cause), { cause });
  }
  if (reason === undefined)
    return new OvsdbError('certificate', `TLS failed: ${errorText(cause)}`, { cause });
  const whose = /alert/.test(reason) ? 'the switch refuses our certificate: ' : '';
  return new OvsdbError('certificate', `TLS failed: ${whose}${reason}`, { cause });
}
