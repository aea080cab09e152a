/** Graceful restart of a session in the words of the control API. */
import { type Family, familyText } from 'bgp-protocol';
import type { GracefulRestartFamilyView, GracefulRestartView } from '../../control/api.ts';
import type { GracefulRestart } from '../../session/index.ts';
import type { Neighbour } from '../neighbour.ts';
import type { Parts } from '../parts.ts';

export interface RestartContext {
  readonly identity: Pick<Parts['identity'], 'gracefulRestart'>;
  readonly restart: Pick<Parts['restart'], 'restarting' | 'deferral'>;
}

export function gracefulRestartView(
  neighbour: Neighbour,
  { identity, restart }: RestartContext,
): GracefulRestartView {
  const { negotiated } = neighbour.peer;
  const ours = negotiated?.localCapabilities.find(({ type }) => type === 'graceful-restart') as
    | GracefulRestart
    | undefined;
  const theirs = negotiated?.gracefulRestart;
  const { deferral } = restart;
  const { mode, restartTimeSeconds } = identity.gracefulRestart;
  return {
    localMode: mode,
    remoteMode: negotiated && modeOf(theirs),
    restartTimeSeconds,
    remoteRestartTimeSeconds: theirs?.restartTimeSeconds,
    localRestarting: ours ? ours.restarting : restart.restarting,
    remoteRestarting: theirs?.restarting ?? false,
    notification: negotiated?.notificationRestart ?? false,
    families: familiesOf(ours, theirs),
    deferralSeconds: deferral && Math.ceil(deferral.remainingSeconds),
    awaited: deferral?.awaited.includes(neighbour.address) ?? false,
    staleSeconds: neighbour.staleSeconds === undefined ? undefined : Math.ceil(neighbour.staleSeconds),
  };
}

function modeOf(capability: GracefulRestart | undefined): 'restarter' | 'helper' | 'none' {
  if (!capability) return 'none';
  return capability.families.length > 0 ? 'restarter' : 'helper';
}

function familiesOf(
  ours: GracefulRestart | undefined,
  theirs: GracefulRestart | undefined,
): GracefulRestartFamilyView[] {
  const bits = (capability: GracefulRestart | undefined): ReadonlyMap<Family, boolean> =>
    new Map(capability?.families.map(({ family, forwardingPreserved }) => [family, forwardingPreserved]));
  const [local, remote] = [bits(ours), bits(theirs)];
  return [...new Set([...local.keys(), ...remote.keys()])].map((family) => ({
    family: familyText(family),
    localForwarding: local.get(family),
    remoteForwarding: remote.get(family),
  }));
}
