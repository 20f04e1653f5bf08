/** XML as S3 answers it: nested records, lists as repeated elements, undefined left out. */
export type XmlValue = string | number | boolean | undefined | XmlRecord | readonly XmlValue[];
export interface XmlRecord {
  readonly [name: string]: XmlValue;
}

export const xml = (root: string, content: XmlRecord): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner(content)}</${root}>`;

/** S3 writes its errors without a namespace. */
export const errorXml = (code: string, message: string, resource: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner({ Code: code, Message: message, Resource: resource })}</Error>`;

const inner = (content: XmlRecord): string =>
  Object.entries(content)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => element(name, one)))
    .join('');

const element = (name: string, value: XmlValue): string => {
  if (value === undefined) return '';
  if (typeof value === 'object') return `<${name}>${inner(value as XmlRecord)}</${name}>`;
  return `<${name}>${escaped(String(value))}</${name}>`;
};

const escaped = (text: string): string =>
  text.replace(
    /[&<>"'\r]/g,
    (character) =>
      ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '\r': '&#13;' })[character] ??
      character,
  );

/** The text of every `<name>` in a small request document, in order. */
export const textsOf = (document: string, name: string): string[] =>
  [...document.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map((match) =>
    unescaped(match[1] ?? ''),
  );

const unescaped = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);/g, (whole, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)));
    return { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[name] ?? whole;
  });
