/** `show hardware-vtep [SWITCH]`: the switches that are driven through their databases. */
import type { HardwareVtepView } from '../../control/index.ts';
import { type Command, showOne, showRows } from '../command.ts';
import { hardwareVtep, hardwareVtepTable } from '../render/hardware-vtep.ts';

export const showHardwareVteps: Command = showRows<HardwareVtepView>({
  pattern: 'show hardware-vtep',
  about: 'Each hardware VTEP in a line: connection, tunnel address, rows',
  example: 'evpnctl show hardware-vtep',
  learns: 'Which switch is not connected, and why; whose rows wait or were refused.',
  request: () => ({ path: '/v1/hardware-vtep' }),
  table: hardwareVtepTable,
});

export const showHardwareVtep: Command = showOne<HardwareVtepView>({
  pattern: 'show hardware-vtep SWITCH',
  about: 'One hardware VTEP with its ports, bindings, logical switches and locators',
  example: 'evpnctl show hardware-vtep torus1',
  learns:
    'A binding that another controller holds, and every fault that the switch reports, stands here in words.',
  request: ({ SWITCH }) => ({ path: `/v1/hardware-vtep/${encodeURIComponent(String(SWITCH))}` }),
  lines: hardwareVtep,
});
