import { createInterface } from 'node:readline';
import { readConfirmationLink } from '../lib/alerts/confirmation-link.ts';
import { oneLine } from '../lib/alerts/plain.ts';
import {
  audiencesPath,
  fromAudienceParameters,
  type Subscribed,
  type TopicName,
} from '../lib/alerts/subscribed.ts';
import * as clients from '../lib/aws/clients.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { type Subscriptions, snsSubscriptions } from '../lib/aws/subscriptions.ts';
import { refusal } from './aws-errors.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, type Output, USUAL_EXITS } from './form.ts';
import { allowed } from './incidents-reading.ts';
import { findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { nearest } from './nearest.ts';
import { type Standing, standingsOf } from './subscription-states.ts';

/** Something is not subscribed as it should be. */
const EXIT_NOT_ALL = 1;

const FORM = {
  typed: ['subscribe', 'subscribe AUDIENCE|ADDRESS [--again]'],
  purpose: [
    'Who is subscribed to alerts, and how that stands; with an audience of email, confirms its subscription.',
    'Each mail of SNS has a link that ends its subscription, and mail scanners follow links. So do not click "Confirm subscription" in the mail: copy its link, run this, and paste the link when asked. It is not opened; what it holds is sent with your AWS credentials, and from then on nobody ends the subscription without such.',
  ],
  arguments: [
    {
      name: 'AUDIENCE|ADDRESS',
      means: 'an audience of form email, by its name in fairlead.config.ts or its address',
    },
  ],
  options: {
    again: {
      type: 'boolean',
      means:
        'end a subscription that was confirmed by a click and make it anew, or have the mail sent again; until the new one is confirmed, no alert comes to that address',
    },
    output: OUTPUT_OPTION,
    ...INSTALLATION_OPTIONS,
  },
  notes: [
    'Needed: ssm:GetParametersByPath on /fairlead-audiences/NAME; sns:ListSubscriptionsByTopic and sns:GetSubscriptionAttributes on the topics; to confirm, sns:ConfirmSubscription; with --again also sns:Subscribe and sns:Unsubscribe.',
  ],
  exits: { 0: 'all that was asked for is confirmed and protected', 1: 'it is not', ...USUAL_EXITS },
  examples: [
    'npx fairlead subscribe --installation fairlead',
    'npx fairlead subscribe platform@example.com --installation fairlead',
  ],
} as const satisfies Form;

export const subscribe: Command = {
  name: 'subscribe',
  summary: 'who is subscribed, and confirm it so that no mail scanner ends it',
  form: FORM,
  async run(argv) {
    const { values: named, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: FORM.options,
    });
    const form = oneOf(OUTPUTS, named.output, '-o');
    const [who, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`one audience at a time, not ${positionals.join(', ')}`);
    if (who?.includes('Token='))
      throw new UsageError('the link is pasted when it is asked for, not typed here');
    if (who === undefined && named.again === true) throw new UsageError('--again is of one AUDIENCE');
    const { environment, name, where } = await findInstallation(named);
    if (where === 'local installation')
      throw new UsageError('nobody is subscribed to the local installation: its page shows what is told');
    if (name === undefined) throw new UsageError('say which installation it is: --installation NAME');
    const path = audiencesPath(name);
    const subscribed = fromAudienceParameters(
      await allowed({ action: 'ssm:GetParametersByPath', on: `parameter${path}` }, () =>
        ssmParameters(clients.ssm(environment)).below(path),
      ),
    );
    if (subscribed === undefined)
      throw new UsageError(`SSM has no parameters below ${path}: deploy installation "${name}" once more`);
    const sns = snsSubscriptions(clients.sns(environment));
    return who === undefined
      ? await list(subscribed, sns, form)
      : await confirm(who, subscribed, sns, { how: named.again === true ? 'again' : 'as-is', form });
  },
};

const READING = {
  action: 'sns:ListSubscriptionsByTopic and sns:GetSubscriptionAttributes',
  on: 'the topics of alerts',
};

async function list(subscribed: Subscribed, sns: Subscriptions, form: Output): Promise<number> {
  const { standings, others } = await allowed(READING, () => standingsOf(subscribed, sns));
  if (form === 'json') {
    console.log(formatStandings(standings));
    return standings.every(isWell) ? 0 : EXIT_NOT_ALL;
  }
  for (const standing of standings) console.log(lineOf(standing));
  for (const [topic, count] of others)
    if (count > 0) console.log(`${topic}: ${count} more that fairlead.config.ts gives no address of`);
  if (standings.length === 0) console.log('no audience of fairlead.config.ts has an address');
  return standings.every(isWell) ? 0 : EXIT_NOT_ALL;
}

const isWell = ({ state, filter }: Standing): boolean =>
  state.kind === 'protected' && filter === 'as-deployed';

/** For programs: one document. */
const formatStandings = (standings: readonly Standing[]): string =>
  JSON.stringify(
    {
      schema: 1,
      subscriptions: standings.map(({ audience, topic, state, filter }) => ({
        audience: audience.name,
        form: audience.form,
        ...(audience.address.kind === 'email' ? { address: audience.address.address } : {}),
        topic,
        state: state.kind,
        filter,
      })),
    },
    null,
    2,
  );

function lineOf(standing: Standing): string {
  const { audience, topic, filter } = standing;
  const address = audience.address.kind === 'email' ? ` ${audience.address.address}` : '';
  const own = topic === 'operators' ? "Fairlead's own alarms" : 'alerts';
  const another = filter === 'another' ? '; its filter is another one than was deployed: deploy again' : '';
  return oneLine(`${audience.name} (${audience.form}${address}), ${own}: ${inWords(standing)}${another}`);
}

function inWords({ state, audience }: Standing): string {
  const command = `npx fairlead subscribe ${audience.name}`;
  switch (state.kind) {
    case 'protected':
      return audience.address.kind === 'email' ? 'confirmed, and no link in a mail ends it' : 'confirmed';
    case 'by-click':
      return `confirmed by a click, so a mail scanner can end it: ${command} --again`;
    case 'pending':
      return audience.address.kind === 'email'
        ? `waits to be confirmed: ${command}`
        : 'waits to be confirmed by whoever it posts to';
    case 'gone':
      return audience.address.kind === 'email'
        ? `there is none any more: ${command} --again`
        : 'there is none any more: take the audience out, deploy, and put it in again';
  }
}

async function confirm(
  who: string,
  subscribed: Subscribed,
  sns: Subscriptions,
  { how, form }: { readonly how: 'again' | 'as-is'; readonly form: Output },
): Promise<number> {
  const audience = audienceOf(who, subscribed);
  const mine = async (): Promise<readonly Standing[]> => {
    const only = { ...subscribed, audiences: [audience] };
    return (await allowed(READING, () => standingsOf(only, sns))).standings;
  };
  const tell: Tell = form === 'json' ? (line) => console.error(line) : (line) => console.log(line);
  let standings = await mine();
  if (how === 'again') {
    for (const standing of standings) await makeAnew(standing, subscribed, sns, tell);
    standings = await mine();
  }
  const waiting = new Map<string, Standing>();
  for (const standing of standings) {
    if (standing.state.kind === 'pending') waiting.set(subscribed.topics[standing.topic], standing);
    else tell(lineOf(standing));
  }
  if (waiting.size > 0) await confirmPasted(audience.address.address, waiting, sns, tell);
  const now = await mine();
  if (form === 'json') console.log(formatStandings(now));
  const left = now.filter((standing) => !isWell(standing));
  return left.length === 0 ? 0 : EXIT_NOT_ALL;
}

/** Lines for people: on stdout, or beside the document. */
type Tell = (line: string) => void;

type MailAudience = Subscribed['audiences'][number] & { readonly address: { readonly kind: 'email' } };

function audienceOf(who: string, { audiences }: Subscribed): MailAudience {
  const mails = audiences.filter((each): each is MailAudience => each.address.kind === 'email');
  const found = mails.find(
    ({ name, address }) => name === who || address.address.toLowerCase() === who.toLowerCase(),
  );
  if (found !== undefined) return found;
  if (audiences.some(({ name }) => name === who))
    throw new UsageError(`"${who}" is no audience of email: whoever it posts to confirms its subscription`);
  const meant = nearest(
    who,
    mails.flatMap(({ name, address }) => [name, address.address]),
  );
  throw new UsageError(
    oneLine(
      `there is no audience of email "${who}"${meant === undefined ? `; there are: ${mails.map(({ name }) => name).join(', ') || 'none'}` : `: did you mean ${meant}?`}`,
    ),
  );
}

/** Ends what was confirmed by a click, and has a new mail sent; what is protected stays as it is. */
async function makeAnew(
  { audience, topic, state }: Standing,
  { topics, unheard }: Subscribed,
  sns: Subscriptions,
  tell: Tell,
): Promise<void> {
  const { address, filter } = audience;
  if (state.kind === 'protected' || address.kind !== 'email') return;
  if (filter === 'too-long')
    throw new UsageError(
      `the filter of "${audience.name}" is too long to be known here: take the audience out of fairlead.config.ts, deploy, put it in again, and deploy`,
    );
  if (state.kind === 'by-click')
    await allowed({ action: 'sns:Unsubscribe', on: topics[topic] }, () => sns.end(state.arn));
  const isFiltered = topic !== 'operators' && filter !== 'none';
  await allowed({ action: 'sns:Subscribe', on: topics[topic] }, () =>
    sns.subscribeMail(topics[topic], address.address, {
      deadLetters: unheard,
      ...(isFiltered ? { filterPolicy: JSON.stringify(filter) } : {}),
    }),
  );
  tell(oneLine(`a new mail is on its way to ${address.address} (${topic})`));
}

async function confirmPasted(
  address: string,
  waiting: Map<string, Standing>,
  sns: Subscriptions,
  tell: Tell,
): Promise<void> {
  console.error(
    oneLine(
      `${waiting.size === 1 ? 'A mail' : `${waiting.size} mails`} "AWS Notification - Subscription Confirmation" went to ${address}. Do not click: copy the link of "Confirm subscription" in ${waiting.size === 1 ? 'it' : 'each'}, paste it here, and press Enter.`,
    ),
  );
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) {
      if (line.trim() === '') continue;
      const confirmed = await confirmLine(line, address, waiting, sns, tell);
      if (confirmed !== undefined) waiting.delete(confirmed);
      if (waiting.size === 0) return;
    }
  } finally {
    lines.close();
  }
  console.error(`still not confirmed: ${[...waiting.values()].map(({ topic }) => nameOf(topic)).join(', ')}`);
}

const nameOf = (topic: TopicName): string =>
  topic === 'operators' ? "Fairlead's own alarms" : `alerts by ${topic}`;

/** The topic that it confirmed. What was pasted is in no message: it holds the token. */
async function confirmLine(
  line: string,
  address: string,
  waiting: ReadonlyMap<string, Standing>,
  sns: Subscriptions,
  tell: Tell,
): Promise<string | undefined> {
  const link = readConfirmationLink(line);
  const standing = link === undefined ? undefined : waiting.get(link.topic);
  if (link === undefined || standing === undefined) {
    console.error(
      link === undefined
        ? 'that is no confirmation link of SNS: it begins with https://sns. and holds TopicArn and Token'
        : 'that link is of another topic, or already used',
    );
    return undefined;
  }
  if (link.endpoint !== undefined && link.endpoint.toLowerCase() !== address.toLowerCase()) {
    console.error(oneLine(`that link is for another address than ${address}`));
    return undefined;
  }
  try {
    const arn = await sns.confirm(link.topic, link.token);
    const { authenticated } = await sns.facts(arn);
    tell(
      authenticated
        ? `${nameOf(standing.topic)}: confirmed, and no link in a mail ends it`
        : `${nameOf(standing.topic)}: it had been confirmed by a click before, which this does not change: --again`,
    );
    return link.topic;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (!/^(InvalidParameter|NotFound)/.test(name))
      throw refusal(error, { action: 'sns:ConfirmSubscription', on: link.topic });
    console.error(
      'SNS does not take that link: it is too old, or of an earlier mail. --again sends a new one',
    );
    return undefined;
  }
}
