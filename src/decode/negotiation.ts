/**
 * What the two OPEN messages of a captured connection settle for reading the messages after them. Where an OPEN was not
 * captured, the usual is assumed: 4-octet AS numbers, no path identifiers, messages of any length.
 *
 * RFC 6793 section 4, RFC 7911 section 4, RFC 8654 section 4.
 */
import { type CodecContext, DEFAULT_CONTEXT, type Family, type OpenMessage, parseFamily } from 'bgp-protocol';
import { InputProblem } from './problem.ts';

/** How to read what nothing in the input tells. */
export interface ReadingOptions {
  /** Default true. */
  readonly fourOctetAs?: boolean;
  /** Families whose NLRI carry path identifiers though no OPEN says so. */
  readonly addPath?: ReadonlySet<Family>;
}

/** Options as a command line gives them. Throws an InputProblem on a family that is none. */
export function readingOptions(twoOctetAs: boolean, addPath: readonly string[]): ReadingOptions {
  const families = addPath.map((name) => {
    const family = parseFamily(name);
    if (family === undefined)
      throw new InputProblem(`Cannot read "${name}": expected an address family such as l2vpn-evpn`);
    return family;
  });
  return { fourOctetAs: !twoOctetAs, addPath: new Set(families) };
}

export function contextOf(options: ReadingOptions): CodecContext {
  return {
    ...DEFAULT_CONTEXT,
    fourOctetAs: options.fourOctetAs ?? true,
    extendedMessage: true,
    addPathReceive: options.addPath ?? DEFAULT_CONTEXT.addPathReceive,
    addPathSend: options.addPath ?? DEFAULT_CONTEXT.addPathSend,
  };
}

/** The context of messages that go from the sender of `sent` to the sender of `received`. */
export function negotiatedContext(
  sent: OpenMessage | undefined,
  received: OpenMessage | undefined,
  options: ReadingOptions,
): CodecContext {
  if (sent === undefined || received === undefined) return contextOf(options);
  const both = (type: string) => has(sent, type) && has(received, type);
  const sends = addPathFamilies(sent, 'send');
  const receives = addPathFamilies(received, 'receive');
  const withPathId = new Set([...sends].filter((family) => receives.has(family)));
  return {
    fourOctetAs: both('four-octet-as'),
    extendedMessage: both('extended-message'),
    addPathReceive: withPathId,
    addPathSend: withPathId,
  };
}

function has(open: OpenMessage, type: string): boolean {
  return open.capabilities.some((capability) => capability.type === type);
}

function addPathFamilies(open: OpenMessage, direction: 'send' | 'receive'): ReadonlySet<Family> {
  const families = open.capabilities.flatMap((capability) =>
    capability.type === 'add-path' ? capability.families : [],
  );
  return new Set(
    families.filter(({ mode }) => mode === direction || mode === 'both').map(({ family }) => family),
  );
}
