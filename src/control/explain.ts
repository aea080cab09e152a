/**
 * Why a MAC is, or is not, in the forwarding table: the way of its route from the neighbour to the dataplane as
 * questions with answers, put together from what the daemon shows anyway. Pure.
 */
import type { RouteView } from './views-bgp.ts';
import type { ExplainStep, ExplainView, MacView, VniView } from './views-evpn.ts';

export interface ExplainInput {
  readonly mac: string;
  readonly vni: number | undefined;
  /** Entries of the MAC table for this MAC, in any VNI. */
  readonly macs: readonly MacView[];
  /** Type-2 routes for this MAC. */
  readonly routes: readonly RouteView[];
  readonly vnis: readonly VniView[];
}

/** One view per VNI that knows the MAC or was asked about; one without a VNI when none does. */
export function explain(input: ExplainInput): ExplainView[] {
  const known = new Set([
    ...input.macs.map(({ vni }) => vni),
    ...input.routes.flatMap(({ imports }) => imports.flatMap(({ vni }) => vni ?? [])),
  ]);
  const asked = input.vni === undefined ? [...known].sort((a, b) => a - b) : [input.vni];
  return asked.length > 0 ? asked.map((vni) => explainIn(input, vni)) : [explainNowhere(input)];
}

function explainNowhere({ mac, routes }: ExplainInput): ExplainView {
  const first = routes[0];
  const steps = [routeStep(routes)];
  if (!first) {
    const summary = `${mac} is unknown: no VNI has learned it and no neighbour has announced it. Frames for it are flooded.`;
    return { mac, forwarding: false, summary, steps };
  }
  const reason = first.imports[0]?.reason ?? 'no VNI looked at it';
  steps.push(no('Does a VNI import its route?', `${reason}; its route targets are ${targets(first)}`));
  return { mac, forwarding: false, summary: `${mac} is announced, but no VNI here imports it.`, steps };
}

function explainIn(input: ExplainInput, vni: number): ExplainView {
  const { mac } = input;
  const entry = input.macs.find((other) => other.vni === vni);
  const instance = input.vnis.find((other) => other.vni === vni);
  const steps = [instanceStep(instance, vni)];
  if (entry?.type === 'local') {
    steps.push(...localSteps(entry));
    const summary = `${mac} is local in VNI ${vni}, on port ${entry.port ?? '(unknown)'}.`;
    return { mac, vni, forwarding: true, summary, steps };
  }
  const routes = input.routes.filter(({ imports }) => imports.some((one) => one.vni === vni));
  const seen = routes.length > 0 ? routes : input.routes;
  if (entry?.type === 'unknown' && seen.length === 0)
    steps.push(no('Is it local?', entry.reason ?? 'not known'));
  else steps.push(routeStep(seen));
  if (seen.length > 0) steps.push(bestStep(seen), importStep(seen, vni));
  steps.push(...tableSteps(entry, vni));
  const failed = steps.find(({ passed }) => !passed);
  const summary = failed
    ? `${mac} is not in the forwarding table of VNI ${vni}: ${failed.answer}.`
    : `${mac} is in the forwarding table of VNI ${vni}, behind VTEP ${entry!.vtep ?? entry!.esi}.`;
  return { mac, vni, forwarding: !failed, summary, steps };
}

function instanceStep(instance: VniView | undefined, vni: number): ExplainStep {
  const question = `Is VNI ${vni} up here?`;
  if (!instance) return no(question, `VNI ${vni} is neither in the dataplane nor in the configuration`);
  if (!instance.up) return no(question, instance.reason ?? 'it is down');
  const on = instance.vxlanInterface ? ` on ${instance.vxlanInterface}` : '';
  return yes(question, `yes${on}, with VTEP ${instance.localVtep ?? '(none)'}`);
}

function localSteps(entry: MacView): ExplainStep[] {
  const steps = [
    yes(
      'Is it local?',
      `yes, on port ${entry.port ?? '(unknown)'}${entry.sticky ? ', static (sticky)' : ''}`,
    ),
    yes(
      'With which sequence is it announced?',
      `${entry.localSequence}; the best remote one is ${entry.remoteSequence}`,
    ),
  ];
  if (entry.duplicate)
    steps.push(no('Is it in one place only?', entry.reason ?? 'no, it was found to be a duplicate'));
  return steps;
}

function routeStep(routes: readonly RouteView[]): ExplainStep {
  const question = 'Has a neighbour announced it?';
  const remote = routes.flatMap(({ paths }) => paths).filter(({ source }) => source !== 'local');
  if (remote.length === 0) return no(question, 'no neighbour has announced it');
  const announced = routes.filter(({ paths }) => paths.some(({ source }) => source !== 'local')).length;
  const peers = [...new Set(remote.map(({ peer }) => peer))].join(', ');
  return yes(question, `yes: ${announced} route${announced === 1 ? '' : 's'}, by ${peers}`);
}

function bestStep(routes: readonly RouteView[]): ExplainStep {
  const question = 'Is one of the paths usable?';
  const best = routes.flatMap(({ paths }) => paths).find((path) => path.best);
  if (best)
    return yes(question, `yes: next hop ${best.nextHop}${best.reason === 'best' ? '' : ` (${best.reason})`}`);
  const reasons = routes.flatMap(({ paths }) =>
    paths.map(({ peer, reason }) => `${peer ?? 'local'}: ${reason}`),
  );
  return no(question, `no path is valid: ${reasons.join('; ')}`);
}

function importStep(routes: readonly RouteView[], vni: number): ExplainStep {
  const question = `Does VNI ${vni} import it?`;
  const outcomes = routes.flatMap(({ imports }) => imports.filter((one) => one.vni === vni));
  if (outcomes.some(({ imported }) => imported))
    return yes(question, `yes, by route target ${targets(routes[0]!)}`);
  const reason = outcomes.find((one) => one.reason)?.reason;
  return no(
    question,
    reason ?? `none of its route targets (${targets(routes[0]!)}) is imported by VNI ${vni}`,
  );
}

function tableSteps(entry: MacView | undefined, vni: number): ExplainStep[] {
  if (!entry || entry.type === 'unknown')
    return [no('Is it in the MAC table?', `the MAC table of VNI ${vni} has no entry for it`)];
  const others = entry.alternatives?.length ? ` (before ${entry.alternatives.join('; ')})` : '';
  const table = yes(
    'Is it in the MAC table?',
    `yes: remote, sequence ${entry.remoteSequence}, VTEP ${entry.vtep ?? entry.esi}${others}`,
  );
  const question = 'Is it in the dataplane?';
  switch (entry.state) {
    case 'installed':
    case 'active':
      return [table, yes(question, 'yes')];
    case 'pending':
      return [table, no(question, 'it is on its way: the write is not confirmed yet')];
    case 'failed':
      return [
        table,
        no(question, `the dataplane refused it: ${entry.reason ?? 'no reason given'}; it is tried again`),
      ];
    case 'held':
      return [table, no(question, `it is held back: ${entry.reason ?? 'no reason given'}`)];
  }
}

/** `RT:65000:10, RT:65000:20`, of the best path or the first. */
function targets(route: RouteView): string {
  const path = route.paths.find(({ best }) => best) ?? route.paths[0];
  const all = (path?.extendedCommunities ?? []).filter((text) => text.startsWith('RT:'));
  return all.length > 0 ? all.join(', ') : 'none';
}

const yes = (question: string, answer: string): ExplainStep => ({ question, passed: true, answer });
const no = (question: string, answer: string): ExplainStep => ({ question, passed: false, answer });
