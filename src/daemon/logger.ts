/** The daemon's log: pino behind the Logger interface, as text for people or JSON lines for collectors. */
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { LogFields, Logger } from '../base/log.ts';

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'text' | 'json';
}

/** A Logger whose level can be changed while it runs (on reload). */
export interface DaemonLogger extends Logger {
  setLevel(level: LogOptions['level']): void;
}

export function createLogger(
  { level, format }: LogOptions,
  out: DestinationStream = process.stderr,
): DaemonLogger {
  const destination = format === 'json' ? out : textStream(out);
  const root = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const children = new Set<PinoLogger>([root]);
  return {
    ...wrap(root, children),
    setLevel(next) {
      for (const child of children) child.level = next;
    },
  };
}

function wrap(logger: PinoLogger, children: Set<PinoLogger>): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => {
      const child = logger.child(fields);
      children.add(child);
      return wrap(child, children);
    },
  };
}

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };
const STYLES = { debug: 'dim', info: 'reset', warn: 'yellow', error: 'red' } as const;

/** `2026-01-02T03:04:05.678Z info  session up peer=10.0.0.1` */
function textStream(out: DestinationStream): Writable {
  const colour = (out as { isTTY?: boolean }).isTTY === true;
  return new Writable({
    decodeStrings: false,
    write(line: string | Buffer, _encoding, done) {
      out.write(`${printRecord(JSON.parse(String(line)) as LogFields, colour)}\n`);
      done();
    },
  });
}

function printRecord({ level, time, msg, ...fields }: LogFields, colour: boolean): string {
  const name = LEVELS[Number(level)] ?? 'info';
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${printValue(value)}`);
  const text = `${time} ${name.padEnd(5)} ${msg}${rest.join('')}`;
  return colour ? styleText(STYLES[name as keyof typeof STYLES], text) : text;
}

function printValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return /[\s"=]/.test(text) && typeof value === 'string' ? JSON.stringify(text) : text;
}
