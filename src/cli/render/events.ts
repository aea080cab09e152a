/** `watch`: an event in a line. Pure. */
import type { WatchEvent } from '../../control/index.ts';

/** `23:49:38.125 neighbor  spine1(10.0.0.100) OpenConfirm -> Established` */
export const event = (happened: WatchEvent): string =>
  `${happened.at.slice(11, 23)} ${happened.type.padEnd(8)} ${text(happened)}`;

function text(happened: WatchEvent): string {
  switch (happened.type) {
    case 'neighbor': {
      const name =
        happened.hostName === undefined ? happened.address : `${happened.hostName}(${happened.address})`;
      return `${name} ${happened.from} -> ${happened.to}${happened.to === 'Idle' ? because(happened.reason) : ''}`;
    }
    case 'route': {
      const from = happened.peer === undefined ? '' : ` from ${happened.peer}`;
      const to = happened.nextHop === undefined ? '' : ` next hop ${happened.nextHop}`;
      return `${sign(happened.action)} ${happened.rd} ${happened.key}${to}${from}`;
    }
    case 'mac': {
      const place =
        happened.place === 'local' ? `local on ${happened.port ?? '-'}` : `behind ${happened.vtep ?? '-'}`;
      const sequence = happened.sequence === undefined ? '' : ` sequence ${happened.sequence}`;
      return `${sign(happened.action)} VNI ${happened.vni} ${happened.mac} ${place}${sequence}`;
    }
    case 'vni':
      return `VNI ${happened.vni} ${happened.up ? 'up' : 'down'}: ${happened.text}`;
    case 'vtep':
      return `${happened.vtep} ${happened.reachable ? 'reachable' : 'unreachable'}`;
    case 'problem':
      return `${happened.subject}: ${happened.text ?? 'over'}`;
    case 'config':
      return happened.changes.join('; ') || 'reloaded, nothing changed';
    case 'dropped':
      return `${happened.count} events left out here: this reader was too slow`;
  }
}

const sign = (action: 'upsert' | 'withdraw'): string => (action === 'upsert' ? '+' : '-');
const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`);
