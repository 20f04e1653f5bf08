import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BrowserContext, chromium, type Page as Tab } from 'playwright-core';
import { headlineOf } from '../../lib/alerts/headline.ts';
import { maskedAlert } from '../../lib/alerts/masked-alert.ts';
import { type PageServer, startPageServer } from '../../page/server.ts';
import type { AlertView, DeliveryView, IncidentView, PageState, TimelineView } from '../../page/state.ts';
import { timelineView } from '../../page/timeline-view.ts';
import { EXAMPLES } from '../lib/alerts/examples.ts';
import { HOSTILE, withTexts } from '../lib/alerts/hostile-alert.ts';
import { CHROMIUM_FLAGS } from '../local/chromium.ts';
import { browser, requirement } from '../requirements.ts';

/** Whatever acts if it is taken for markup, for an address, or for a name of the language. */
const MARKUP = [
  '<script>window.owned=1</script>',
  '<img src=x onerror="window.owned=1">',
  '"><svg onload=window.owned=1><a href="javascript:window.owned=1" autofocus onfocus=window.owned=1>',
  "'-alert(1)-'",
  '</pre></details><iframe src="https://evil.example/"></iframe><style>*{display:none}</style>',
  '<base href="https://evil.example/"><link rel=prefetch href=//evil.example><meta http-equiv=refresh content=0>',
  '<!--<form action=//evil.example><input name=q></form>',
  'javascript:alert(1)',
  '{{constructor.constructor("alert(1)")()}}',
  '__proto__',
  'constructor',
  'toString',
];
const TEXTS = [...HOSTILE, ...MARKUP];
const KINDS = Object.entries(EXAMPLES);
const AT = new Date().toISOString();

const keyOf = (index: number): string => `fairlead/staging/kind-${index}/drift/1`;

/** Of one kind: an alert for each of the texts, everywhere in it, with what can be done about it. */
const TIMELINES = new Map<string, TimelineView>(
  KINDS.map(([, alert], index) => {
    const alerts = TEXTS.flatMap((text, at): readonly AlertView[] => {
      const entry = { alert: maskedAlert(withTexts(alert, text)), told: 'told' as const };
      const view = timelineView(keyOf(index), { entries: [entry], older: 0 });
      return view.alerts.map((one) => ({ ...one, sequence: at + 1 }));
    });
    return [keyOf(index), { key: keyOf(index), alerts }];
  }),
);

const incidents: readonly IncidentView[] = KINDS.flatMap(([, alert], index) => {
  const text = TEXTS[index % TEXTS.length] ?? '';
  return {
    key: keyOf(index),
    state: 'open',
    installation: 'fairlead',
    target: text,
    scope: MARKUP[index % MARKUP.length] ?? '',
    class: 'drift',
    severity: 'warning',
    findings: 3,
    alerts: TEXTS.length,
    since: AT,
    headline: headlineOf(withTexts(alert, text)),
    snooze: { until: AT, by: text, reason: text, at: AT },
  } as unknown as IncidentView;
});

const deliveries: readonly DeliveryView[] = TEXTS.map((text, index) => {
  const reason = { code: text, message: text, place: text, whatToDo: text, excerpt: text };
  return {
    ...{ key: text, versionId: `v${index}`, state: 'rejected', commit: text, receivedAt: AT, replays: 1 },
    ...{ by: text, reasons: [reason], warnings: [reason] },
  };
});

const STATE = {
  installation: MARKUP.join(' '),
  bucket: MARKUP[0] ?? '',
  problems: TEXTS,
  incidents,
  deliveries,
  targets: TEXTS.map((text) => ({
    ...{ name: text, repository: text, branch: text, deployer: text, namespaces: [text], commit: text },
    scopes: TEXTS.map((scope) => ({
      ...{ scope, verdict: scope, findings: 1, unready: 1, reason: text, commit: text, at: AT },
      chart: { name: text, version: text },
    })),
  })),
  inbox: TEXTS.map((text, index) => ({
    ...{
      incident: text,
      sequence: index,
      target: text,
      scope: text,
      kind: text,
      severity: 'warning',
      at: AT,
    },
    forms: {
      email: { subject: text, body: text },
      chat: { subject: text, body: text },
      event: { subject: text, body: text },
    },
  })),
  activity: TEXTS.map((text) => ({ at: AT, part: text, text, kind: 'failed' })),
} as unknown as PageState;

/** What our own markup and scripts make, and nothing else. */
const OURS = new Set(
  `html head meta title link script body header img div h1 h2 h3 h4 h5 p main section noscript article ul ol li
   details summary span time code pre mark wbr button dl dt dd strong`.split(/\s+/),
);

describe('whatever people write into names, values and reasons, on the page', requirement('browser'), () => {
  let folder: string;
  let server: PageServer;
  let context: BrowserContext;
  let tab: Tab;
  const requests = new Set<string>();
  const dialogs: string[] = [];
  const errors: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-hostile-page-'));
    server = await startPageServer({
      port: 0,
      source: { state: () => STATE, timeline: async (key) => TIMELINES.get(key) },
      startedBy: 'npx fairlead ui',
      otherwise: 'npx fairlead ui --port',
      onError: (error) => errors.push(String(error)),
    });
    const executablePath = browser();
    assert.ok(executablePath);
    context = await chromium.launchPersistentContext(join(folder, 'chromium'), {
      executablePath,
      headless: true,
      args: CHROMIUM_FLAGS,
    });
    tab = context.pages()[0] ?? (await context.newPage());
    tab.on('pageerror', (error) => errors.push(error.message));
    tab.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    tab.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    context.on('request', (request) => requests.add(request.url()));
    await tab.goto(server.url);
    await tab.locator('.incident').first().waitFor();
  });
  after(async () => {
    await context.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('everything there is can be opened', async () => {
    for (let round = 0; round < 20; round++) {
      const opened = await tab.evaluate(`(() => {
        const shut = [...document.querySelectorAll('details:not([open])')];
        for (const one of shut) one.open = true;
        return shut.length;
      })()`);
      await tab.waitForTimeout(300);
      if (opened === 0 && round > 2) break;
    }
    assert.equal(await tab.locator('.incident').count(), KINDS.length);
    const shown = Number(await tab.locator('.alert-of').count());
    assert.equal(shown, KINDS.length * TEXTS.length);
    for (const form of ['chat', 'event'])
      for (const button of await tab.locator(`[data-form=${form}]`).all()) await button.click();
  });

  test('it stays text: no element and no attribute is of its making, and no script of it runs', async () => {
    const found = (await tab.evaluate(`(() => {
      const names = new Set();
      const attributes = new Set();
      for (const node of document.querySelectorAll('*')) {
        names.add(node.localName);
        for (const { name } of node.attributes) attributes.add(name + ' of ' + node.localName);
      }
      return {
        names: [...names],
        attributes: [...attributes],
        owned: window.owned,
        images: [...document.images].map(({ src }) => new URL(src).pathname),
        polluted: Object.keys(Object.prototype).length + Object.getOwnPropertyNames({}).length,
        text: document.body.textContent,
      };
    })()`)) as {
      names: string[];
      attributes: string[];
      owned: unknown;
      images: string[];
      polluted: number;
      text: string;
    };
    assert.deepEqual(
      found.names.filter((name) => !OURS.has(name)),
      [],
    );
    const acting = /^(on|style|srcdoc|action|formaction|href|src)/;
    assert.deepEqual(found.attributes.filter((name) => acting.test(name)).sort(), [
      'href of link',
      'src of img',
      'src of script',
    ]);
    assert.deepEqual(found.images, ['/icon.svg']);
    assert.equal(found.owned, undefined);
    assert.equal(found.polluted, 0);
    for (const text of MARKUP) assert.ok(found.text.includes(text), text);
  });

  test('nobody is asked, nothing is fetched but what is ours, and nothing goes wrong', async () => {
    assert.deepEqual(dialogs, []);
    const own = new URL(server.url).origin;
    const foreign = [...requests].filter((url) => new URL(url).origin !== own);
    assert.deepEqual(foreign, []);
    const paths = new Set([...requests].map((url) => new URL(url).pathname));
    const ours = /^\/([a-z-]+\.(js|css)|icon\.svg|events|incident\.json)?$/;
    assert.deepEqual(
      [...paths].filter((path) => !ours.test(path)),
      [],
    );
    assert.equal(context.pages().length, 1);
    assert.deepEqual(errors, []);
  });

  test('a name of the language asked for as an incident, a file or a cookie is nothing', async () => {
    const token = new URL(server.url).searchParams.get('token');
    const get = (path: string) =>
      fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { authorization: `Bearer ${token}` } });
    for (const path of [
      '/__proto__',
      '/constructor',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/server.ts',
      '/static/../server.ts',
      '/incident.json?key=__proto__',
      '/incident.json?key=a/../../b/c/1',
      `/incident.json?key=${'a/'.repeat(4000)}1`,
    ])
      assert.equal((await get(path)).status, 404, path);
  });
});
