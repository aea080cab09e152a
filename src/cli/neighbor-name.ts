/** Neighbours by the name that they say of themselves: the API knows addresses only. */
import { parseIp } from '../base/ip.ts';
import { suggest } from '../base/suggest.ts';
import { type BgpSummaryView, type ControlClient, ControlError } from '../control/index.ts';

/** The address of the neighbour with that address or host name. Throws a ControlError when there is none. */
export async function neighborAddress(
  client: ControlClient,
  name: string | true | undefined,
): Promise<string> {
  const text = String(name);
  if (parseIp(text)) return text;
  const { neighbors } = await client.get<BgpSummaryView>('/v1/bgp/summary');
  const named = neighbors.filter(({ hostName }) => hostName === text);
  if (named.length === 1) return named[0]!.address;
  if (named.length > 1) {
    const addresses = named.map(({ address }) => address).join(', ');
    throw new ControlError(400, 'bad-request', `Several neighbors are called ${text}: ${addresses}`);
  }
  const names = neighbors.flatMap(({ hostName }) => hostName ?? []);
  const near = suggest(text, names);
  const hint = near === undefined ? 'show bgp summary lists the neighbors' : `did you mean ${near}?`;
  throw new ControlError(404, 'not-found', `There is no neighbor ${text}`, hint);
}

export const neighborPath = async (client: ControlClient, name: string | true | undefined): Promise<string> =>
  `/v1/bgp/neighbors/${encodeURIComponent(await neighborAddress(client, name))}`;
