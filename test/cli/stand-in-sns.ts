import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One subscription, as SNS keeps it. */
export interface KeptSubscription {
  readonly topic: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly arn: string;
  state: 'pending' | 'by-click' | 'authenticated';
  attributes: Readonly<Record<string, string>>;
  token: string;
}

const TOKEN_DIGITS = 64;

/**
 * The few calls of Amazon SNS about subscriptions, by its query protocol and as its API reference tells them: the
 * embedded one confirms by itself, and knows no mail.
 */
export async function standInSns(): Promise<{
  readonly url: string;
  readonly kept: KeptSubscription[];
  /** Names of the calls that came. */
  readonly calls: string[];
  end(): Promise<void>;
}> {
  const kept: KeptSubscription[] = [];
  const calls: string[] = [];
  let made = 0;
  const server: Server = createServer(async (request, response) => {
    const form = new URLSearchParams(Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8'));
    const action = form.get('Action') ?? '';
    calls.push(action);
    const answer = (body: string, status = 200) =>
      response
        .writeHead(status, { 'content-type': 'text/xml' })
        .end(
          status === 200
            ? `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result>${body}</${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`
            : `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${body}</Code><Message>Invalid parameter: Token</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
        );
    const ofArn = () => kept.find(({ arn }) => arn === form.get('SubscriptionArn'));
    switch (action) {
      case 'ListSubscriptionsByTopic':
        return answer(
          `<Subscriptions>${kept
            .filter(({ topic }) => topic === form.get('TopicArn'))
            .map(
              ({ topic, protocol, endpoint, arn, state }) =>
                `<member><TopicArn>${topic}</TopicArn><Protocol>${protocol}</Protocol><Endpoint>${endpoint}</Endpoint><SubscriptionArn>${state === 'pending' ? 'PendingConfirmation' : arn}</SubscriptionArn><Owner>1</Owner></member>`,
            )
            .join('')}</Subscriptions>`,
        );
      case 'GetSubscriptionAttributes': {
        const found = ofArn();
        if (found === undefined) return answer('NotFound', 404);
        const all = {
          ...found.attributes,
          ConfirmationWasAuthenticated: String(found.state === 'authenticated'),
        };
        return answer(
          `<Attributes>${Object.entries(all)
            .map(([key, value]) => `<entry><key>${key}</key><value>${value}</value></entry>`)
            .join('')}</Attributes>`,
        );
      }
      case 'ConfirmSubscription': {
        const found = kept.find(
          ({ topic, token }) => topic === form.get('TopicArn') && token === form.get('Token'),
        );
        if (found === undefined) return answer('InvalidParameter', 400);
        if (found.state === 'pending')
          found.state = form.get('AuthenticateOnUnsubscribe') === 'true' ? 'authenticated' : 'by-click';
        return answer(`<SubscriptionArn>${found.arn}</SubscriptionArn>`);
      }
      case 'Subscribe': {
        const [topic, endpoint] = [form.get('TopicArn') ?? '', form.get('Endpoint') ?? ''];
        const attributes: Record<string, string> = {};
        for (let at = 1; form.has(`Attributes.entry.${at}.key`); at++)
          attributes[form.get(`Attributes.entry.${at}.key`) ?? ''] =
            form.get(`Attributes.entry.${at}.value`) ?? '';
        const token = String(++made).padStart(TOKEN_DIGITS, 'a');
        const known = kept.find((each) => each.topic === topic && each.endpoint === endpoint);
        if (known !== undefined) known.token = token;
        else
          kept.push({
            topic,
            endpoint,
            protocol: form.get('Protocol') ?? '',
            arn: `${topic}:made-${made}`,
            state: 'pending',
            attributes,
            token,
          });
        return answer('<SubscriptionArn>pending confirmation</SubscriptionArn>');
      }
      case 'Unsubscribe': {
        const found = ofArn();
        if (found !== undefined) kept.splice(kept.indexOf(found), 1);
        return answer('');
      }
      default:
        return answer('InvalidAction', 400);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    kept,
    calls,
    async end() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
