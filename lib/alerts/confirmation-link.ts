/** What the link of a confirmation mail of SNS holds. */
export interface ConfirmationLink {
  readonly topic: string;
  readonly token: string;
  /** Absent from older links. */
  readonly endpoint?: string;
}

/** Longer is no link of a mail. */
const PASTED_CHARACTERS = 8192;
const LINK = /https:\/\/sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?\/[a-zA-Z0-9._/-]{0,100}\?[^\s"'<>]+/;

/**
 * Reads what was pasted, and never opens it: whoever opens the link confirms the subscription in a way that every link in
 * its mails can end. Mail gateways wrap links into ones of their own: SNS's is looked for inside. Undefined where none is.
 */
export function readConfirmationLink(pasted: string): ConfirmationLink | undefined {
  if (pasted.length > PASTED_CHARACTERS) return undefined;
  for (const text of [pasted, decoded(pasted)]) {
    const [link] = LINK.exec(text) ?? [];
    if (link === undefined || !URL.canParse(link)) continue;
    const query = new URL(link).searchParams;
    const [topic, token] = [query.get('TopicArn') ?? '', query.get('Token') ?? ''];
    if (!/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/.test(topic)) continue;
    if (!/^[0-9a-fA-F]{32,1024}$/.test(token)) continue;
    const endpoint = query.get('Endpoint');
    return { topic, token, ...(endpoint === null ? {} : { endpoint }) };
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
