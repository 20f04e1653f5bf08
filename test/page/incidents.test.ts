import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BrowserContext, chromium, type Page as Tab } from 'playwright-core';
import { type PageServer, startPageServer } from '../../page/server.ts';
import type { PageState } from '../../page/state.ts';
import { CHROMIUM_FLAGS } from '../local/chromium.ts';
import { browser, requirement } from '../requirements.ts';
import { EMPTY, HOSTILE, LONG_SCOPE, SOURCE, STATE } from './incidents.ts';

const PHONE = { width: 390, height: 844 };
/** Pixels of one picture. */
const PIECE = 1400;
const DESKTOP = { width: 1280, height: 900 };

describe('incidents on the page', requirement('browser'), () => {
  let folder: string;
  let server: PageServer;
  let context: BrowserContext;
  let tab: Tab;
  let state: PageState = STATE;
  const problems: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-incidents-'));
    server = await startPageServer({
      port: 0,
      source: { ...SOURCE, state: () => state },
      startedBy: 'npx fairlead ui',
      otherwise: 'npx fairlead ui --port',
      onError: (error) => problems.push(String(error)),
    });
    const executablePath = browser();
    assert.ok(executablePath);
    context = await chromium.launchPersistentContext(join(folder, 'chromium'), {
      executablePath,
      headless: true,
      args: CHROMIUM_FLAGS,
      viewport: DESKTOP,
    });
    tab = context.pages()[0] ?? (await context.newPage());
    tab.on('pageerror', (error) => problems.push(error.message));
    tab.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await tab.goto(server.url);
  });
  after(async () => {
    await context.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const incident = (scope: string) => tab.locator(`.incident[data-key^="fairlead/staging/${scope}/"]`);
  const open = async (scope: string) => await incident(scope).locator('summary').first().click();
  /** For eyes: `FAIRLEAD_SHOTS=FOLDER` keeps pictures there, in pieces that can be looked at. */
  const shot = async (name: string) => {
    const folder = process.env.FAIRLEAD_SHOTS;
    if (!folder) return;
    const height = Number(await tab.evaluate('document.documentElement.scrollHeight'));
    const width = tab.viewportSize()?.width ?? 0;
    for (let y = 0, part = 1; y < height; y += PIECE, part++) {
      const clip = { x: 0, y, width, height: Math.min(PIECE, height - y) };
      await tab.screenshot({ path: join(folder, `${name}-${part}.png`), fullPage: true, clip });
    }
  };
  const overflow = () => tab.evaluate('document.documentElement.scrollWidth - window.innerWidth');

  test('what is opened in the moment in which something new comes is open in what is drawn for it', async () => {
    // The click and the new drawing in one task: the event of what was opened comes after both.
    const seen = await tab.evaluate(`(async () => {
      const { draw, element, fold } = await import('/parts.js');
      const place = document.body.appendChild(element('div'));
      const show = () => draw(place, () => fold('of this test', {}, 'head', () => element('p', {}, 'body')));
      const shown = () => [place.querySelector('details').open, place.textContent];
      const settled = () => new Promise((done) => setTimeout(done, 100));
      show();
      place.querySelector('summary').click();
      show();
      await settled();
      const opened = shown();
      place.querySelector('summary').click();
      show();
      await settled();
      const shut = shown();
      place.remove();
      return { opened, shut };
    })()`);
    assert.deepEqual(seen, { opened: [true, 'headbody'], shut: [false, 'head'] });
  });

  test('open ones come first, the gravest at the top; those that have closed apart', async () => {
    await incident('shop/checkout').waitFor();
    const scopes = await tab.locator('#incidents .incident .title').allTextContents();
    assert.deepEqual(scopes, ['shop/checkout', 'shop/web', 'the whole target', 'manifests', LONG_SCOPE]);
    assert.deepEqual(await tab.locator('#closed .incident .title').allTextContents(), ['shop/api']);
    assert.equal(await tab.title(), '(5 open) Fairlead');
    await shot('list-1280');
  });

  test('an incident opens into its alerts, the newest first, with what can be done now', async () => {
    await open('shop/web');
    const moments = incident('shop/web').locator('.alert-of');
    await moments.nth(2).waitFor();
    assert.deepEqual(await moments.evaluateAll((nodes) => nodes.map((node) => node.dataset.kindOf)), [
      'drift-changed',
      'reminder',
      'drift',
    ]);
    await incident('shop/web').getByText('What to do').waitFor();
    await incident('shop/web')
      .getByText('npx fairlead incidents fairlead/staging/shop/web/drift/1')
      .waitFor();
  });

  test('a finding has Git and the cluster beside each other, what differs in them marked', async () => {
    const finding = incident('shop/web').locator('[data-at$="[name=web].image"]').first();
    assert.equal(await finding.locator('.desired pre').textContent(), 'registry.example.com/shop/web:1.4.2');
    assert.equal(await finding.locator('.live mark').textContent(), '3-hotfix');
    const [left, right] = await Promise.all([
      finding.locator('.desired').boundingBox(),
      finding.locator('.live').boundingBox(),
    ]);
    assert.equal(left?.y, right?.y);
    const file = incident('shop/web').locator('[data-at="data.nginx.conf"]');
    assert.deepEqual(await file.locator('.live mark').allTextContents(), [
      '  client_max_body_size 100m;',
      '  autoindex on;',
    ]);
    await shot('incident-1280');
  });

  test('a Secret says that it differs, and nothing else', async () => {
    const secret = incident('shop/web').locator('[data-at="data.password"]');
    await secret.getByText('a Secret’s value is not shown').waitFor();
    assert.equal(await secret.locator('pre').count(), 0);
  });

  test('what was not told because of a snooze says so, and until when a scope is quiet', async () => {
    await incident('shop/web').getByText('load test until noon').waitFor();
    await incident(LONG_SCOPE).getByText('snoozed until').waitFor();
  });

  test('text of a cluster is text: no markup, and nothing that turns its direction', async () => {
    await open(LONG_SCOPE);
    const live = incident(LONG_SCOPE).locator('.live pre').first();
    const text = await live.textContent();
    assert.equal(text, HOSTILE.replace('\u202E', '\\u{202e}'));
    assert.equal(await tab.locator('img[src=x]').count(), 0);
  });

  test('many scopes that are told as one are listed, with how many there are', async () => {
    await open('target');
    await incident('target').getByText('60 of the target').waitFor();
    await incident('target').getByText('and 46 more').waitFor();
    await open('target');
  });

  test('what cannot be judged has the reason, and the rule to paste', async () => {
    await open('manifests');
    await incident('manifests').getByText('refuses to list networkpolicies').first().waitFor();
    await incident('manifests').getByText('resources: [networkpolicies]').first().waitFor();
  });

  test('on a phone nothing needs sideways scrolling, incidents stand first, and values can be compared', async () => {
    await tab.setViewportSize(PHONE);
    assert.equal(await overflow(), 0);
    const [incidents, targets] = await Promise.all([
      tab.locator('#incidents').boundingBox(),
      tab.locator('#targets').boundingBox(),
    ]);
    assert.ok((incidents?.y ?? 0) < (targets?.y ?? 0));
    const long = incident('shop/web').locator('[data-at$="[name=web].image"]').first();
    const [above, below] = await Promise.all([
      long.locator('.desired').boundingBox(),
      long.locator('.live').boundingBox(),
    ]);
    assert.equal(above?.x, below?.x);
    await shot('phone-390');
    await tab.emulateMedia({ colorScheme: 'dark' });
    await shot('phone-dark-390');
    await tab.emulateMedia({ colorScheme: 'light' });
  });

  test('an incident has an address that opens it', async () => {
    await tab.goto(`http://127.0.0.1:${server.port}/#incident=fairlead/staging/shop/checkout/drift/1`);
    await tab.reload();
    await incident('shop/checkout').getByText('it is not in the cluster').waitFor();
    await shot('address-390');
  });

  test('a release shows that it is frozen, what waits in a pull request, and what became of it', async () => {
    const [staging, ...others] = STATE.targets;
    const [delivered] = STATE.deliveries;
    assert.ok(staging !== undefined && delivered !== undefined);
    const freeze = { by: 'arn:aws:iam::1:user/ada', at: new Date().toISOString(), reason: HOSTILE };
    const scopes = staging.scopes.map((one) => (one.scope === 'shop/web' ? { ...one, freeze } : one));
    const proposed = {
      ...delivered,
      key: 'staging/shop/web/values.yaml',
      versionId: 'v2',
      state: 'proposed',
    };
    const address = 'https://git.example.com/pulls/7';
    state = {
      ...STATE,
      targets: [{ ...staging, scopes }, ...others],
      deliveries: [{ ...proposed, proposal: address }, delivered],
    };
    server.changed();
    const row = tab.locator('[data-target=staging] [data-scope="shop/web"]');
    await row.getByText('frozen since').waitFor();
    await row.locator('summary').first().click();
    await row.getByText('npx fairlead history staging shop/web').waitFor();
    const titles = await row.locator('.history .title').allTextContents();
    assert.deepEqual(titles.sort(), ['drift', 'values.yaml', 'web-1.4.2.tgz']);
    const link = tab.locator('#deliveries a').first();
    assert.equal(await link.getAttribute('href'), address);
    assert.equal(await tab.title(), '(5 open) Fairlead');
  });

  test('where nothing is, it is said what that means', async () => {
    state = EMPTY;
    server.changed();
    await tab.getByText('Nothing was checked yet').waitFor();
    state = { ...STATE, incidents: [] };
    server.changed();
    await tab.getByText('whatever was judged is as Git says').waitFor();
    await shot('empty-390');
  });

  test('did all this without an error or a refusal of its own policy', () => {
    assert.deepEqual(problems, []);
  });
});
