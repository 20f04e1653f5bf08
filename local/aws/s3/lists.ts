import type { Bucket, Version } from './bucket.ts';
import { type XmlRecord, xml } from './xml.ts';

const PAGE = 1000;

/** S3 encodes keys when asked to (`encoding-type=url`), since XML cannot hold every character. */
const encoder = (query: URLSearchParams): ((key: string) => string) =>
  query.get('encoding-type') === 'url'
    ? (key) => encodeURIComponent(key).replaceAll('%2F', '/')
    : (key) => key;

const pageSize = (query: URLSearchParams): number =>
  Math.min(Number(query.get('max-keys') ?? PAGE) || PAGE, PAGE);

/** Keys below a prefix with what follows the delimiter folded together, as both lists do it. */
function fold<Entry extends { readonly key: string }>(
  entries: readonly Entry[],
  prefix: string,
  delimiter: string,
) {
  const folded: ({ kind: 'entry'; entry: Entry } | { kind: 'prefix'; key: string })[] = [];
  for (const entry of entries) {
    const end = delimiter === '' ? -1 : entry.key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      folded.push({ kind: 'entry', entry });
      continue;
    }
    const common = entry.key.slice(0, end + delimiter.length);
    const last = folded.at(-1);
    if (last?.kind !== 'prefix' || last.key !== common) folded.push({ kind: 'prefix', key: common });
  }
  return folded;
}

/** ListObjectsV2 and ListObjects. */
export function listObjects(bucket: Bucket, query: URLSearchParams): string {
  const encode = encoder(query);
  const [prefix, delimiter, size] = [
    query.get('prefix') ?? '',
    query.get('delimiter') ?? '',
    pageSize(query),
  ];
  const second = query.get('list-type') === '2';
  const token = query.get('continuation-token');
  const after = second
    ? token === null
      ? (query.get('start-after') ?? '')
      : Buffer.from(token, 'base64url').toString('utf8')
    : (query.get('marker') ?? '');
  const live = bucket
    .keys(prefix)
    .flatMap(([, [newest]]) => (newest === undefined || newest.deleted ? [] : [newest]));
  const all = fold(live, prefix, delimiter).map((item) =>
    item.kind === 'entry' ? { ...item, key: item.entry.key } : item,
  );
  const rest = all.filter(({ key }) => key > after);
  const page = rest.slice(0, size);
  const last = page.at(-1)?.key ?? '';
  const truncated = rest.length > page.length;
  return xml('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    Delimiter: delimiter || undefined,
    MaxKeys: size,
    EncodingType: query.get('encoding-type') ?? undefined,
    KeyCount: second ? page.length : undefined,
    IsTruncated: truncated,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: second && truncated ? Buffer.from(last).toString('base64url') : undefined,
    Marker: second ? undefined : encode(after),
    NextMarker: !second && truncated ? encode(last) : undefined,
    Contents: page.flatMap((item) =>
      item.kind === 'entry' ? [{ Key: encode(item.key), ...facts(item.entry) }] : [],
    ),
    CommonPrefixes: page.flatMap((item) => (item.kind === 'prefix' ? [{ Prefix: encode(item.key) }] : [])),
  });
}

/** ListObjectVersions. */
export function listVersions(bucket: Bucket, query: URLSearchParams): string {
  const encode = encoder(query);
  const [prefix, size] = [query.get('prefix') ?? '', pageSize(query)];
  const keyMarker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker') ?? '';
  const all = bucket
    .keys(prefix)
    .flatMap(([key, versions]) =>
      versions.map((version, index) => ({ key, version, latest: index === 0, versions, index })),
    );
  const rest = all.filter(({ key, versions, index }) => {
    if (key !== keyMarker) return key > keyMarker;
    const seen = versions.findIndex(({ versionId }) => versionId === versionMarker);
    return versionMarker !== '' && seen >= 0 && index > seen;
  });
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const truncated = rest.length > page.length;
  const describe = ({ key, version, latest }: (typeof page)[number]): XmlRecord => ({
    Key: encode(key),
    VersionId: bucket.versioned ? version.versionId : 'null',
    IsLatest: latest,
    ...(version.deleted ? { LastModified: isoTime(version), Owner: OWNER } : facts(version)),
  });
  return xml('ListVersionsResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: versionMarker,
    MaxKeys: size,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: truncated,
    NextKeyMarker: truncated && last !== undefined ? encode(last.key) : undefined,
    NextVersionIdMarker: truncated ? last?.version.versionId : undefined,
    Version: page.filter(({ version }) => !version.deleted).map(describe),
    DeleteMarker: page.filter(({ version }) => version.deleted).map(describe),
  });
}

const OWNER = { ID: 'local', DisplayName: 'local' };

const isoTime = ({ at }: Version): string => new Date(at).toISOString();

const facts = (version: Version): XmlRecord => ({
  LastModified: isoTime(version),
  ETag: `"${version.etag}"`,
  Size: version.size,
  StorageClass: 'STANDARD',
});
