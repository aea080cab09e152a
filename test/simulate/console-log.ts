/** What the simulated evpnd log, with the simulated time and the machine's name before it. */
import type { Logger } from '../../src/base/log.ts';
import type { SimulatedClock } from './clock.ts';

export function consoleLog(name: string, clock: SimulatedClock): Logger {
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    const seconds = (clock.wallTime() / 1000).toFixed(3).padStart(8);
    console.log(`${seconds} ${name} ${level} ${message} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return logger;
}
