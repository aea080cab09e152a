/** The logger that parts receive; the daemon backs it with pino, tests with an array or nothing. */

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Logger;
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

export interface LogRecord {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** A logger that keeps its records, for tests that state what must be logged. */
export function recordingLogger(
  records: LogRecord[] = [],
  bound: LogFields = {},
): Logger & { records: LogRecord[] } {
  const at = (level: LogRecord['level']) => (fields: LogFields, message: string) => {
    records.push({ level, fields: { ...bound, ...fields }, message });
  };
  return {
    records,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => recordingLogger(records, { ...bound, ...fields }),
  };
}
