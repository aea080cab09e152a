#!/usr/bin/env node
/** `evpnd`: reads the configuration, runs the daemon until a signal ends it. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { checkConfig, loadConfig, printProblem } from '../config/index.ts';
import { Daemon } from './daemon.ts';
import { createLogger, type DaemonLogger } from './logger.ts';

const DEFAULT_FILE = '/etc/evpnd/evpnd.yaml';

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const HELP = `
A minimal leaf, in ${DEFAULT_FILE}:

  router: { asn: 65000, router-id: 10.0.0.1 }
  neighbors:
    - { address: 10.0.0.100, remote-as: internal, update-source: 10.0.0.1 }
  evpn: { advertise-all-vni: true }

Signals: SIGHUP reloads the configuration, SIGTERM and SIGINT stop, SIGUSR2 stops to be started again: forwarding
entries stay, and the peers keep our routes meanwhile. \`evpnctl\` asks the running daemon.`;

const program = new Command('evpnd')
  .description('A BGP EVPN control plane for VXLAN fabrics.')
  .option('-c, --config <file>', 'the configuration file', DEFAULT_FILE)
  .option('--check <file>', 'check a configuration file, print every problem, and exit')
  .version(version(), '-V, --version')
  .addHelpText('after', HELP)
  .parse();

const options = program.opts<{ config: string; check?: string }>();

if (options.check !== undefined) {
  process.exitCode = checkConfig(options.check, (line) => console.log(line));
} else {
  await run(options.config);
}

async function run(file: string): Promise<void> {
  const { config, problems } = loadConfig(file);
  if (!config) {
    for (const problem of problems) console.error(printProblem(problem));
    console.error(
      `evpnd: not started: ${problems.length} problem${problems.length === 1 ? '' : 's'} in ${file}`,
    );
    process.exitCode = 1;
    return;
  }
  const log = createLogger(config.log);
  reportBugs(log);
  const started = Daemon.start({ config, file, log, version: version() });
  obeySignals(started, log);
  try {
    await started;
  } catch (error) {
    log.error({}, `not started: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** From the first moment on, so that a signal in the middle of the start is not the end of it. */
function obeySignals(started: Promise<Daemon>, log: DaemonLogger): void {
  process.on('SIGHUP', () => {
    started
      .then((daemon) => daemon.reload())
      .catch((error: Error) => log.error({}, `reload refused, nothing changed: ${error.message}`));
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR2'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      started
        .then((daemon) => daemon.stop(signal === 'SIGUSR2' ? { graceful: true } : {}))
        .then(
          () => process.exit(0),
          (error: Error) => {
            log.error({}, `stopped with an error: ${error.message}`);
            process.exit(1);
          },
        );
    });
  }
}

/** A bug ends the daemon with its trace in the log. The forwarding entries stay; the next start takes them over. */
function reportBugs(log: DaemonLogger): void {
  const end = (error: unknown) => {
    const stack = error instanceof Error ? error.stack : String(error);
    log.error(
      { stack },
      'evpnd has a bug and ends; forwarding entries stay as they are until it is started again',
    );
    process.exit(70);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
