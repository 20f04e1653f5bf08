/** An element of an XML document. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** XML 1.0, section 2.2. */
const CHARACTERS = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

/** A strict reader of the plain XML that reports are: elements, attributes, text, entities. @throws on anything else */
export function readXml(document: string): Element {
  if (!CHARACTERS.test(document)) throw new Error('not of XML characters');
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const sticky = new RegExp(pattern.source, 'yu');
    sticky.lastIndex = at;
    const found = sticky.exec(document);
    if (found !== null) at = sticky.lastIndex;
    return found ?? undefined;
  };
  const fail = (): never => {
    throw new Error(`not well-formed at ${at}: ${JSON.stringify(document.slice(at, at + 60))}`);
  };
  const plain = (text: string): string =>
    text.replace(/&([^;]*);?/g, (_whole, name: string) => ENTITIES[name] ?? fail());

  const element = (): Element => {
    const name = (take(/<([a-z]+)/) ?? fail())[1] ?? '';
    const attributes: Record<string, string> = {};
    for (
      let found = take(/ ([a-z]+)="([^"<]*)"/);
      found !== undefined;
      found = take(/ ([a-z]+)="([^"<]*)"/)
    ) {
      const [, key = '', value = ''] = found;
      if (key in attributes) fail();
      attributes[key] = plain(value);
    }
    if (take(/\/>/) !== undefined) return { name, attributes, children: [], text: '' };
    if (take(/>/) === undefined) fail();
    const children: Element[] = [];
    let text = '';
    for (;;) {
      text += plain((take(/[^<>]*/) ?? fail())[0]);
      if (take(/<\/([a-z]+)>/) !== undefined) {
        if (!document.slice(0, at).endsWith(`</${name}>`)) fail();
        return { name, attributes, children, text };
      }
      children.push(element());
    }
  };
  take(/<\?xml version="1\.0" encoding="UTF-8"\?>\n/) ?? fail();
  const root = element();
  if (document.slice(at).trim() !== '') fail();
  return root;
}
