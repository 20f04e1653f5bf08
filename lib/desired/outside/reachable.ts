import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Which addresses may be spoken to: `public` is the internet alone, `private` also this machine and its network. */
export type Network = 'public' | 'private';

/** Never: an instance's metadata and credentials are served there, or nobody is (RFC 6890; EC2 user guide, IMDS). */
const NEVER = blockList([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
]);
/** Not of the internet (RFC 6890, and what is carried inside other addresses: RFC 6052, 3056, 4380). */
const PRIVATE = blockList([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fec0::', 10],
]);

function blockList(subnets: readonly (readonly [address: string, bits: number])[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of subnets) list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return list;
}

/** Whether an IP address may be spoken to. */
export function isReachable(address: string, network: Network): boolean {
  const plain = unmapped(address.replace(/%.*$/, ''));
  if (isIP(plain) === 0 || isIn(NEVER, plain)) return false;
  const carried = carriedIn(plain);
  if (carried !== undefined && isIn(NEVER, carried)) return false;
  return network === 'private' || !isIn(PRIVATE, plain);
}

const isIn = (list: BlockList, address: string): boolean =>
  list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** `::ffff:10.0.0.1`, and the same in hexadecimal, is 10.0.0.1. */
function unmapped(address: string): string {
  const words = wordsOf(address);
  if (words === undefined) return address;
  const [prefix, [high = 0, low = 0]] = [words.slice(0, 6), words.slice(6)];
  const isMapped =
    prefix.slice(0, 5).every((word) => word === 0) && (prefix[5] === 0xffff || prefix[5] === 0);
  // `::` and `::1` are addresses of their own.
  const isOwn = prefix[5] === 0 && high === 0 && low <= 1;
  return isMapped && !isOwn ? fourBytes([high, low]) : address;
}

/**
 * The IPv4 address that a gateway makes of an IPv6 one: NAT64 by its well-known and its local prefix (RFC 6052,
 * section 2.2, /96; RFC 8215), and 6to4 (RFC 3056, section 2). Behind such a gateway it is spoken to.
 */
function carriedIn(address: string): string | undefined {
  const words = wordsOf(address);
  if (words === undefined) return undefined;
  if (words[0] === 0x64 && words[1] === 0xff9b) return fourBytes(words.slice(6));
  return words[0] === 0x2002 ? fourBytes(words.slice(1, 3)) : undefined;
}

/** The eight words of an IPv6 address; undefined where it is none. */
function wordsOf(address: string): readonly number[] | undefined {
  if (isIP(address) !== 6) return undefined;
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [first, last] = [head, tail ?? ''].map((text) =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16)),
  );
  const [before, after] = [first ?? [], last ?? []];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

const fourBytes = (words: readonly number[]): string =>
  words.flatMap((word) => [word >> 8, word & 255]).join('.');

/** A host that is written as an address is not looked up, so it is judged by what it is. */
export function isReachableHost(hostname: string, network: Network): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 || isReachable(bare, network);
}

export const NOT_REACHABLE = 'ENOTREACHABLE';

/** Name look-up that answers with reachable addresses only: what was judged is what is connected to. */
export const lookupWithin =
  (network: Network): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, [], 0);
        return;
      }
      const addresses = found.filter(({ address }) => isReachable(address, network));
      const [first] = addresses;
      if (first === undefined) {
        const refused = Object.assign(new Error(`${hostname} is at no address that may be spoken to`), {
          code: NOT_REACHABLE,
        });
        callback(refused, [], 0);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
