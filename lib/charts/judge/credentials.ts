import { lineAt } from '../files/yaml-text.ts';

/** A credential's place in a text and its sort, never its value. */
export interface FoundCredential {
  readonly line: number;
  /** For people: `an AWS access key`. */
  readonly kind: string;
}

interface Format {
  readonly kind: string;
  /** Linear in the text: no nested repetition. */
  readonly pattern: RegExp;
}

/** Formats that their issuers made recognisable. */
const FORMATS: readonly Format[] = [
  {
    kind: 'an AWS access key',
    pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7][A-Z0-9]{15}(?![A-Za-z0-9])/g,
  },
  {
    kind: 'an AWS secret access key',
    pattern:
      /aws.{0,3}secret.{0,3}(?:access.{0,3})?key["']?\s{0,4}[:=]\s{0,4}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi,
  },
  {
    kind: 'a GitHub token',
    pattern: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g,
  },
  {
    kind: 'a GitLab token',
    pattern: /(?<![A-Za-z0-9])gl(?:pat|dt|rt|cbt|ptt|ft|agent|soat)-[A-Za-z0-9_-]{20,}/g,
  },
  {
    kind: 'a Slack token',
    pattern: /(?<![A-Za-z0-9])(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,})/g,
  },
  { kind: 'a Slack webhook', pattern: /hooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9/]{20,}/g },
  { kind: 'a Google API key', pattern: /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g },
  { kind: 'a Google OAuth secret', pattern: /(?<![A-Za-z0-9])GOCSPX-[A-Za-z0-9_-]{28}/g },
  { kind: 'an Azure storage key', pattern: /AccountKey=[A-Za-z0-9+/]{86}==/g },
  {
    kind: 'an Azure client secret',
    pattern: /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/g,
  },
  { kind: 'an Azure access signature', pattern: /[?&]sig=[A-Za-z0-9%+/]{43,}(?:%3D|=)/gi },
  { kind: 'an Alibaba Cloud key', pattern: /(?<![A-Za-z0-9])LTAI[A-Za-z0-9]{20}(?![A-Za-z0-9])/g },
  {
    kind: 'a Stripe key',
    pattern: /(?<![A-Za-z0-9])(?:[sr]k_live_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{32,})/g,
  },
  { kind: 'an npm token', pattern: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/g },
  { kind: 'a PyPI token', pattern: /(?<![A-Za-z0-9])pypi-AgE[A-Za-z0-9_-]{50,}/g },
  { kind: 'a Docker Hub token', pattern: /(?<![A-Za-z0-9])dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}/g },
  { kind: 'a DigitalOcean token', pattern: /(?<![A-Za-z0-9])do[opr]_v1_[a-f0-9]{64}/g },
  { kind: 'a SendGrid key', pattern: /(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}/g },
  { kind: 'a Vault token', pattern: /(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_-]{24,}/g },
  { kind: "an AI provider's key", pattern: /(?<![A-Za-z0-9])sk-(?:ant-|proj-|svcacct-)[A-Za-z0-9_-]{24,}/g },
  {
    kind: "an AI provider's key",
    pattern: /(?<![A-Za-z0-9])(?:sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|hf_[A-Za-z]{34}(?![A-Za-z]))/g,
  },
  { kind: 'a Grafana token', pattern: /(?<![A-Za-z0-9])glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}/g },
  { kind: 'a Databricks token', pattern: /(?<![A-Za-z0-9])dapi[a-f0-9]{32}(?![A-Za-z0-9])/g },
  {
    kind: 'a Terraform Cloud token',
    pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}/g,
  },
  { kind: 'a New Relic key', pattern: /(?<![A-Za-z0-9])NRAK-[A-Z0-9]{27}(?![A-Z0-9])/g },
  { kind: 'an Atlassian token', pattern: /(?<![A-Za-z0-9])ATATT3[A-Za-z0-9_=-]{100,}/g },
  { kind: 'a Telegram bot token', pattern: /(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/g },
  { kind: 'a Shopify token', pattern: /(?<![A-Za-z0-9])shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}/g },
  { kind: 'a RubyGems key', pattern: /(?<![A-Za-z0-9])rubygems_[a-f0-9]{48}/g },
  { kind: 'a Pulumi token', pattern: /(?<![A-Za-z0-9])pul-[a-f0-9]{40}(?![a-f0-9])/g },
  { kind: 'an age secret key', pattern: /AGE-SECRET-KEY-1[A-Z0-9]{58}/g },
  {
    kind: 'a JSON web token',
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/g,
  },
];

/** PEM (PKCS #1, #8, SEC 1, OpenSSH, PGP), SSH2, PuTTY: however many dashes and spaces a copy has left of it. */
const PRIVATE_KEY =
  /-{4,5} ?BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}|PuTTY-User-Key-File-[23]:/g;
/** Characters after the header in which a key's body begins. */
const BODY_WITHIN = 400;
const BODY = /[A-Za-z0-9+/=]{40}/;

/** Runs of base64 in which a credential may be wrapped; also with the line ends of `base64` in them. */
const BASE64 = /(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{20,}(?:\r?\n[ \t]*)?){1,2000}[A-Za-z0-9+/]{0,19}={0,2}/g;
/** The shortest format, in characters. */
const SHORTEST = 18;
/** Characters that are unwrapped of one text. */
const UNWRAPPED = 4 * 1024 * 1024;

/** What looks like credentials in a text, also inside base64, each at its first line; at most `limit`. */
export function findCredentials(text: string, limit = 20): FoundCredential[] {
  if (text.length < SHORTEST) return [];
  const found = inClear(text, limit);
  let left = UNWRAPPED;
  for (const { 0: run, index } of text.matchAll(BASE64)) {
    left -= run.length;
    if (found.length >= limit || left < 0) break;
    if (run.length < (SHORTEST * 4) / 3) continue;
    const [inner] = inClear(Buffer.from(run, 'base64').toString('latin1'), 1);
    if (inner !== undefined) found.push({ kind: `${inner.kind} in base64`, line: lineAt(text, index) });
  }
  return found.sort((a, b) => a.line - b.line);
}

function inClear(text: string, limit: number): FoundCredential[] {
  const found: FoundCredential[] = [];
  const add = (kind: string, offset: number) => found.push({ kind, line: lineAt(text, offset) });
  for (const { kind, pattern } of FORMATS) {
    for (const match of text.matchAll(pattern)) {
      if (found.length >= limit) return found;
      add(kind, match.index);
    }
  }
  for (const match of text.matchAll(PRIVATE_KEY)) {
    if (found.length >= limit) return found;
    // A comment that shows how a key would be written has no body.
    const end = match.index + match[0].length;
    if (!isComment(text, match.index) || BODY.test(text.slice(end, end + BODY_WITHIN)))
      add('a private key', match.index);
  }
  return found;
}

const isComment = (text: string, offset: number): boolean =>
  /^\s*#/.test(text.slice(text.lastIndexOf('\n', offset) + 1, offset));
