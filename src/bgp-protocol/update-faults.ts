/**
 * The faults of an UPDATE as a whole: its lengths, what is missing in it, and nothing left to withdraw.
 *
 * RFC 4271 section 6.3, RFC 7606 sections 3 (d), 5.2 and 5.3.
 */

import { type Family, familyText } from './family.ts';
import { BgpFault, decodeFault } from './faults.ts';
import { ERROR, UPDATE_ERROR } from './iana.ts';

/** A length that reaches past the message, at `at`: RFC 4271 section 6.3, which RFC 7606 leaves as it is. */
export function updateLengthFault(
  field: string,
  bytes: Uint8Array,
  at: number,
  start: number,
  end: number,
): BgpFault {
  const seen = at + 2 <= end ? (bytes[at] << 8) | bytes[at + 1] : 'missing';
  return decodeFault('UPDATE', field, seen, `to fit in ${end - start} octets`, at, {
    code: ERROR.UPDATE_MESSAGE,
    subcode: UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST,
    action: 'session-reset',
  });
}

/** A mandatory attribute did not come: RFC 7606 section 3 (d). */
export function missingFault(code: number, name: string): BgpFault {
  return new BgpFault(`Cannot decode UPDATE: ${name} is missing, expected one`, {
    code: ERROR.UPDATE_MESSAGE,
    subcode: UPDATE_ERROR.MISSING_WELL_KNOWN_ATTRIBUTE,
    data: Uint8Array.of(code),
    action: 'treat-as-withdraw',
    seen: 'none',
    wanted: name,
  });
}

/**
 * Attributes that are malformed, but no reachable NLRI to withdraw. Whether they were lost with the malformed part nobody
 * knows, which leaves the session reset: RFC 7606 section 5.2.
 */
export function noReachableNlriFault(start: number): BgpFault {
  const seen = 'missing beside malformed attributes';
  return decodeFault('UPDATE', 'reachable NLRI', seen, 'some to withdraw', start, {
    code: ERROR.UPDATE_MESSAGE,
    subcode: UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST,
    action: 'session-reset',
  });
}

/** More malformed NLRI in one field than are worth passing over: RFC 7606 section 5.3 would have reset at the first. */
export function tooManyMalformedFault(family: Family, limit: number, offset: number): BgpFault {
  const name = `${familyText(family)} NLRI field`;
  return decodeFault(name, 'number of malformed NLRI', `more than ${limit}`, 'none', offset, {
    code: ERROR.UPDATE_MESSAGE,
    subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
    action: 'session-reset',
  });
}
