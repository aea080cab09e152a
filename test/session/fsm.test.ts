import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import {
  type Action,
  EVENT_TYPES,
  type EventType,
  type FsmConfig,
  STATES,
  type State,
  step,
} from '../../src/session/fsm.ts';

interface Row {
  readonly state: State;
  readonly events: readonly EventType[];
  readonly when?: Partial<FsmConfig>;
  readonly next: State;
  readonly actions: readonly string[];
  readonly source: string;
}

const file = new URL('../../rfc-fixtures/rfc4271/fsm.json', import.meta.url);
const rows: readonly Row[] = JSON.parse(readFileSync(file, 'utf8'));

const ATTRIBUTES = [
  'passive',
  'delayOpen',
  'delayOpenTimerRunning',
  'sendNotificationWithoutOpen',
  'dampPeerOscillations',
] as const;

const configs: readonly FsmConfig[] = Array.from({ length: 2 ** ATTRIBUTES.length }, (_, bits) => ({
  passive: (bits & 1) !== 0,
  delayOpen: (bits & 2) !== 0,
  delayOpenTimerRunning: (bits & 4) !== 0,
  sendNotificationWithoutOpen: (bits & 8) !== 0,
  dampPeerOscillations: (bits & 16) !== 0,
}));

const textOf = (action: Action): string =>
  action.type === 'send-notification'
    ? `send-notification ${action.notification.code}/${action.notification.subcode}`
    : action.type;

const applies = (row: Row, config: FsmConfig) =>
  ATTRIBUTES.every((name) => row.when?.[name] === undefined || row.when[name] === config[name]);

t.test('RFC 4271 section 8.2.2: every state answers every event as the table says', async (t) => {
  for (const state of STATES) {
    t.test(state, async (t) => {
      for (const type of EVENT_TYPES) {
        const cell = rows.filter((row) => row.state === state && row.events.includes(type));
        t.ok(cell.length > 0, `${state} x ${type} is in the table`);
        for (const config of configs) {
          const matching = cell.filter((row) => applies(row, config));
          if (matching.length !== 1) {
            t.equal(matching.length, 1, `${state} x ${type}: one row for ${JSON.stringify(config)}`);
            continue;
          }
          const { next, actions } = step(state, { type }, config);
          const row = matching[0]!;
          const seen = { next, actions: actions.map(textOf) };
          const wanted = { next: row.next, actions: row.actions };
          if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
            t.same(seen, wanted, `${state} x ${type} (${row.source}) with ${JSON.stringify(config)}`);
          }
        }
      }
    });
  }
});

t.test('the table names only states and events that exist', async (t) => {
  const states = new Set<string>(STATES);
  const events = new Set<string>(EVENT_TYPES);
  t.ok(rows.every((row) => states.has(row.state) && states.has(row.next)));
  t.same(
    rows.flatMap((row) => row.events).filter((event) => !events.has(event)),
    [],
  );
});

t.test('RFC 4271 section 6: the NOTIFICATION of an error is the one that the error brings', async (t) => {
  const notification = { code: 2, subcode: 6, data: new Uint8Array([1]) };
  const { actions } = step('OpenSent', { type: 'BGPOpenMsgErr', notification }, configs[0]!);
  t.same(actions[0], { type: 'send-notification', notification });
});

t.test('RFC 6608: an unexpected message has the subcode of its state, whatever it brought', async (t) => {
  const notification = { code: 3, subcode: 5, data: new Uint8Array(0) };
  const { actions } = step('OpenConfirm', { type: 'UpdateMsgErr', notification }, configs[0]!);
  t.equal(textOf(actions[0]!), 'send-notification 5/2');
});

t.test('any sequence of events ends in a state of the machine, and Idle holds no connection', async (t) => {
  const events = fc.array(fc.record({ type: fc.constantFrom(...EVENT_TYPES), config: fc.nat(31) }), {
    maxLength: 60,
  });
  const law = fc.property(events, (sequence) => {
    let state: State = 'Idle';
    let connected = false;
    for (const { type, config } of sequence) {
      const transition = step(state, { type }, configs[config]!);
      const kinds = transition.actions.map((action) => action.type);
      if (kinds.includes('initiate-connection')) connected = true;
      else if (kinds.includes('drop-connection') || type === 'TcpConnectionFails') connected = false;
      if (!STATES.includes(transition.next)) return false;
      // A session that leaves Established forgets its routes, always.
      if (state === 'Established' && transition.next !== 'Established' && !kinds.includes('delete-routes'))
        return false;
      if (transition.next === 'Idle' && connected) return false;
      state = transition.next;
    }
    return true;
  });
  t.doesNotThrow(() => fc.assert(law));
});
