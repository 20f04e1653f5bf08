import * as z from 'zod';
import { entries } from './entries.ts';

export const severity = z.enum(['info', 'warning', 'critical']);
export type Severity = z.output<typeof severity>;

/** What an incident is about (docs/alerts.md); `delivery`: uploads, and the repositories that they go to. */
export const ALERT_CLASSES = ['drift', 'stalled', 'unknown', 'delivery'] as const;
export type AlertClass = (typeof ALERT_CLASSES)[number];

const someOf = <Value extends z.ZodType>(value: Value, what: string) =>
  z.array(value).min(1, `name at least one ${what}, or leave it out: then it is all`).optional();

/** What an audience hears of: what every entry that is there admits. */
const filters = {
  targets: someOf(z.string(), 'target'),
  /** Of releases and of what is found in them. What belongs to no namespace is not for who names some. */
  namespaces: someOf(z.string(), 'namespace'),
  severities: someOf(severity, 'severity'),
  classes: someOf(z.enum(ALERT_CLASSES), 'class'),
};

const WEBHOOK_ADDRESS = 'an https:// address without user, password or "#" (http:// to this machine alone)';
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function isWebhookAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

/** Whether it exists the confirmation mail of SNS tells; this keeps back what is none at all. */
const MAIL_ADDRESS = /^[^\s@]+@[^\s@]+$/;

const HTTPS_ADDRESS = 'an https:// address that SNS posts to';
const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const isHttps = (text: string): boolean => URL.canParse(text) && new URL(text).protocol === 'https:';

/**
 * Whether it also hears of what Fairlead says about itself: CloudWatch alarms, which go past its functions. Absent: who
 * hears of the whole installation does.
 */
const operators = z.boolean().optional();

/** Who hears of what, in which form, and where. */
export const audienceOf = <Name extends z.ZodType<string>>(name: Name) =>
  z.discriminatedUnion('form', [
    entries({
      name,
      form: z.literal(['email', 'pager']),
      address: z.string().min(1),
      operators,
      ...filters,
    })
      .refine(({ form, address }) => form !== 'email' || MAIL_ADDRESS.test(address), {
        path: ['address'],
        message: 'a mail address, such as platform@example.com',
      })
      .refine(({ form, address }) => form === 'email' || isHttps(address), {
        path: ['address'],
        message: HTTPS_ADDRESS,
      }),
    entries({
      name,
      form: z.literal('chat'),
      address: z.string().refine(isHttps, HTTPS_ADDRESS),
      ...filters,
    }),
    /** A channel of Slack, through Amazon Q Developer: ids as its console and Slack show them. */
    entries({
      name,
      form: z.literal('slack'),
      workspace: z.string().regex(/^T[A-Z0-9]{2,20}$/, 'the id of a Slack workspace, such as "T0123456789"'),
      channel: z.string().regex(/^[CG][A-Z0-9]{2,20}$/, 'the id of a Slack channel, such as "C0123456789"'),
      operators,
    }),
    /** A channel of Microsoft Teams, through Amazon Q Developer. */
    entries({
      name,
      form: z.literal('teams'),
      tenant: z.string().regex(UUID, 'the id of a Teams tenant: a UUID'),
      team: z.string().regex(UUID, 'the id of a team: a UUID'),
      channel: z
        .string()
        .regex(/^19(%3[aA]|:)[\w%.@-]{1,250}$/, 'the id of a Teams channel, such as "19%3a…%40thread.tacv2"'),
      operators,
    }),
    entries({
      name,
      form: z.literal('webhook'),
      url: z.string().max(1000).refine(isWebhookAddress, WEBHOOK_ADDRESS),
      /** Name or ARN of a secret in Secrets Manager: its string signs what is sent. */
      secret: z.string().min(1, 'the name or ARN of a secret in Secrets Manager'),
      /** `private`: it may be at an address that the internet does not reach. */
      network: z.enum(['public', 'private']).default('public'),
      ...filters,
    }).refine(
      ({ url, network }) =>
        network === 'private' || !isWebhookAddress(url) || new URL(url).protocol === 'https:',
      'plain http:// is for a webhook on this machine: network: "private"',
    ),
  ]);

type Audience = z.output<ReturnType<typeof audienceOf<z.ZodString>>>;
export type Webhook = Extract<Audience, { readonly form: 'webhook' }>;
/** What SNS sends to an address of its own. */
export type Subscriber = Extract<Audience, { readonly address: string }>;
/** What narrows an audience; absent is all. */
export type AudienceFilter = Pick<Webhook, keyof typeof filters>;
