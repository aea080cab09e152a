/**
 * The answers to a transaction: which operation failed, and whether it was the whole that could not be committed.
 *
 * RFC 7047 section 4.1.3 (transact: a result per operation, one more when the commit fails) and section 5.2.
 */

export interface OperationResult {
  readonly count?: number;
  readonly uuid?: readonly [string, string];
  readonly rows?: readonly unknown[];
  readonly error?: string;
  readonly details?: string;
}

export interface TransactionFailure {
  /** The operation at fault; undefined when each was fine but the commit was not. */
  readonly operation: number | undefined;
  readonly text: string;
}

/** Undefined when all of it was done. `operations` is how many were asked for. */
export function failureOf(
  results: readonly (OperationResult | null)[],
  operations: number,
): TransactionFailure | undefined {
  const at = results.findIndex((result) => result !== null && result.error !== undefined);
  if (at < 0) return undefined;
  const { error, details } = results[at]!;
  const text = details === undefined || details === '' ? error! : `${error}: ${details}`;
  return { operation: at < operations ? at : undefined, text };
}
