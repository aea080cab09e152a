/** Why a MAC is, or is not, in the forwarding table: the first step that fails is the answer. */
import t from 'tap';
import { explain } from '../../src/control/explain.ts';
import type { MacView, RouteView, VniView } from '../../src/control/index.ts';
import { exampleBackend, ROUTES } from './example-backend.ts';

const MAC = '02:00:00:00:00:03';
const backend = exampleBackend();
const vni10 = backend.vni(10)!;
const entry = ([...(backend.macs({ mac: MAC }) as Iterable<MacView>)] as const)[0]!;
const route = ROUTES.find(({ mac }) => mac === MAC)!;

interface Case {
  readonly macs?: readonly MacView[];
  readonly routes?: readonly RouteView[];
  readonly vnis?: readonly VniView[];
  readonly vni?: number;
}

const ask = ({ macs = [entry], routes = [route], vnis = [vni10], vni }: Case) =>
  explain({ mac: MAC, vni, macs, routes, vnis });

t.test('each obstacle has its own answer, in the order of the way', async (t) => {
  const path = route.paths[0]!;
  const cases: [Case, RegExp][] = [
    [{ macs: [], routes: [] }, /is unknown: no VNI has learned it/],
    [{ macs: [], routes: [{ ...route, imports: [] }] }, /announced, but no VNI here imports it/],
    [{ vni: 99 }, /VNI 99: VNI 99 is neither in the dataplane nor in the configuration/],
    [{ vnis: [{ ...vni10, up: false, reason: 'vxlan10 is down' }] }, /VNI 10: vxlan10 is down/],
    [{ macs: [], routes: [], vni: 10 }, /VNI 10: no neighbour has announced it/],
    [
      {
        routes: [
          { ...route, paths: [{ ...path, best: false, valid: false, reason: 'loop: originator-id' }] },
        ],
      },
      /no path is valid: 10.0.0.100: loop: originator-id/,
    ],
    [
      {
        macs: [],
        routes: [{ ...route, imports: [{ vni: 10, imported: false, reason: 'next hop is our own' }] }],
      },
      /VNI 10: next hop is our own/,
    ],
    [
      { macs: [], routes: [{ ...route, imports: [] }], vni: 10 },
      /none of its route targets \(RT:65000:10\) is imported by VNI 10/,
    ],
    [{ macs: [] }, /the MAC table of VNI 10 has no entry for it/],
    [
      { macs: [{ ...entry, type: 'unknown', reason: 'known from a neighbour entry only' }], routes: [] },
      /VNI 10: known from a neighbour entry only/,
    ],
    [{ macs: [{ ...entry, type: 'unknown' }] }, /the MAC table of VNI 10 has no entry for it/],
    [{}, /it is held back: no route to VTEP 10.0.0.3/],
    [{ macs: [{ ...entry, state: 'pending', reason: undefined }] }, /the write is not confirmed yet/],
    [
      { macs: [{ ...entry, state: 'failed', reason: 'ENOSPC' }] },
      /the dataplane refused it: ENOSPC; it is tried again/,
    ],
  ];
  for (const [input, answer] of cases) {
    const [view, ...others] = ask(input);
    t.same(others, []);
    t.match(view!.summary, answer);
    t.equal(view!.forwarding, false, String(answer));
    t.ok(view!.steps.some(({ passed }) => !passed));
  }
});

t.test('installed, or local, is forwarding; a local one that is also elsewhere says so', async (t) => {
  const [remote] = ask({
    macs: [{ ...entry, state: 'installed', alternatives: ['10.0.0.2: lower sequence 0'] }],
  });
  t.match(remote, {
    forwarding: true,
    summary: `${MAC} is in the forwarding table of VNI 10, behind VTEP 10.0.0.3.`,
  });
  t.match(remote!.steps.map(({ answer }) => answer).join('\n'), /before 10.0.0.2: lower sequence 0/);
  const local: MacView = {
    ...entry,
    type: 'local',
    port: 'swp1',
    vtep: undefined,
    state: 'active',
    sticky: true,
  };
  t.match(ask({ macs: [local] })[0], {
    forwarding: true,
    summary: `${MAC} is local in VNI 10, on port swp1.`,
  });
  const [duplicate] = ask({ macs: [{ ...local, duplicate: true, reason: '5 moves in 180 s' }] });
  t.match(duplicate!.steps.at(-1), { passed: false, answer: '5 moves in 180 s' });
});

t.test('a MAC that several VNIs know is explained in each', async (t) => {
  const views = ask({ macs: [entry, { ...entry, vni: 20 }], vnis: [vni10, { ...vni10, vni: 20 }] });
  t.same(
    views.map(({ vni }) => vni),
    [10, 20],
  );
});
