/** What the RIB and the EVPN part tell watchers, as observables: nothing is done for them while nobody watches. */
import { decodeEvpnKey, EVPN_KEY, evpnRouteText, routeDistinguisherText } from 'bgp-protocol';
import { Observable } from 'rxjs';
import type { EvpnEvent } from '../evpn/index.ts';
import { LOCAL, NONE, type Rib, type RouteId } from '../rib/index.ts';
import type { NewEvent } from './events.ts';
import type { LeafEvpn } from './leaves.ts';

/** Routes told in one turn of the event loop. */
const ROUTES_A_TURN = 256;

/** MACs, VNIs and VTEPs, as they change. */
export function evpnEvents(evpn: LeafEvpn): Observable<NewEvent> {
  return new Observable((subscriber) => evpn.watch((event) => subscriber.next(fromEvpn(event))));
}

function fromEvpn(event: EvpnEvent): NewEvent {
  switch (event.type) {
    case 'vni-up':
      return { type: 'vni', vni: event.vni, up: true, text: `up, VTEP ${event.vtep}` };
    case 'vni-down':
      return { type: 'vni', vni: event.vni, up: false, text: event.reason };
    case 'mac-local': {
      const { vni, mac, port, sequence } = event;
      return { type: 'mac', action: 'upsert', vni, mac, place: 'local', port, sequence };
    }
    case 'mac-remote': {
      const { vni, mac, vtep, sequence } = event;
      return { type: 'mac', action: 'upsert', vni, mac, place: 'remote', vtep, sequence };
    }
    case 'mac-gone':
      return { type: 'mac', action: 'withdraw', vni: event.vni, mac: event.mac, place: 'remote' };
    case 'mac-duplicate':
      return {
        type: 'problem',
        subject: `mac ${event.mac} vni ${event.vni}`,
        text: `moves too often (${event.moves} times): two hosts may have it`,
      };
    case 'mac-conflict':
      return {
        type: 'problem',
        subject: `mac ${event.mac} vni ${event.vni}`,
        text: `learned here, but static (sticky) at ${event.vtep}`,
      };
    case 'vtep':
      return { type: 'vtep', vtep: event.vtep, reachable: event.reachable };
  }
}

/** Changes of the Loc-RIB from now on: what is there already is not told. */
export function routeEvents(rib: Rib): Observable<NewEvent> {
  return new Observable((subscriber) => {
    const consumer = rib.consumer('watch');
    consumer.drain(Number.POSITIVE_INFINITY, () => {});
    const work = (): boolean => {
      consumer.drain(ROUTES_A_TURN, (route) => subscriber.next(routeEvent(rib, route)));
      return consumer.dirty > 0;
    };
    consumer.onDirty = () => rib.slices.request(work);
    return () => {
      rib.slices.cancel(work);
      consumer.close();
    };
  });
}

function routeEvent(rib: Rib, route: RouteId): NewEvent {
  const [start, end] = [rib.keyStart(route), rib.keyEnd(route)];
  const rd = routeDistinguisherText(rib.keyBytes, start + EVPN_KEY.RD);
  const key = evpnRouteText(decodeEvpnKey(rib.keyBytes, start, end));
  const best = rib.best(route);
  if (best === NONE) return { type: 'route', action: 'withdraw', rd, key };
  const source = rib.sourceOf(best);
  return {
    type: 'route',
    action: 'upsert',
    rd,
    key,
    nextHop: rib.addresses.text(rib.attributes.nextHop(rib.attributesOf(best))),
    peer: source === LOCAL ? undefined : rib.sources.spec(source)?.address,
  };
}
