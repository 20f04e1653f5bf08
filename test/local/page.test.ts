import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BrowserContext, chromium, type Page as Tab } from 'playwright-core';
import { sendAlerts } from '../../functions/send-alerts.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { EVENT_BUS, type LocalAws, startAws, TABLE } from '../../local/aws/aws.ts';
import { onThisMachine, readConfiguration } from '../../local/configuration.ts';
import { type GitServer, startGit } from '../../local/git.ts';
import { type Page, startPage } from '../../local/page/page.ts';
import { browser, requirement } from '../requirements.ts';
import { CHROMIUM_FLAGS } from './chromium.ts';
import { convergedAlert, driftAlert, verdictItem, write } from './page-data.ts';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-page-'));
let aws: LocalAws;
let git: GitServer;
let page: Page;

before(async () => {
  git = await startGit({
    folder: join(folder, 'git'),
    port: 0,
    repositories: [{ name: 'cluster', branch: 'main' }],
    onPush: () => {},
  });
  const config = onThisMachine(
    await readConfiguration(undefined),
    git.urlOf,
    { kubeconfig: join(folder, 'kubeconfig') },
    30,
  );
  aws = await startAws({
    folder: join(folder, 'aws'),
    port: 0,
    contents: {
      functions: new Map(),
      parameters: new Map(),
      secrets: new Map(),
      onEvent: (event) => page.eventPut(event),
    },
    onTableWrite: () => page.tableWritten(),
  });
  const onError = (part: string, error: unknown) => assert.fail(`${part}: ${error}`);
  page = await startPage({ port: 0, dataFolder: folder, aws, git, config, onError });
});

after(async () => {
  await page.stop();
  await aws.stop();
  await git.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the functions would do: an item with an alert, and the stream that tells of it. */
async function tell(at: string, alert: ReturnType<typeof driftAlert>) {
  const key = { pk: 'incident#staging', sk: 'shop/web#drift' };
  await write(aws, { ...key, at }, [alert]);
  const send = sendAlerts({
    ...aws.environment,
    [VARIABLES.installation]: 'local',
    [VARIABLES.table]: TABLE,
    [VARIABLES.stateBucket]: aws.buckets.state.name,
    [VARIABLES.emailTopic]: aws.topics.email,
    [VARIABLES.pagerTopic]: aws.topics.pager,
    [VARIABLES.chatTopic]: aws.topics.chat,
    [VARIABLES.eventBus]: EVENT_BUS,
  });
  await send({ Records: [{ dynamodb: { Keys: { pk: { S: key.pk }, sk: { S: key.sk } } } }] });
}

describe('the page over HTTP', () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${page.port}${path}`, { headers, redirect: 'manual' });

  test('lets nobody in who has not the token of this start', async () => {
    for (const path of ['/', '/state.json', '/events', '/page.js', '/?token=wrong']) {
      assert.equal((await get(path)).status, 401, path);
    }
  });

  test('takes the token for a cookie that other sites and scripts do not get', async () => {
    const answer = await fetch(page.url, { redirect: 'manual' });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), '/');
    assert.match(answer.headers.get('set-cookie') ?? '', /HttpOnly; SameSite=Strict/);
  });

  test('names the cookie by its port, so that a second installation does not close the first one out', async () => {
    const answer = await fetch(page.url, { redirect: 'manual' });
    assert.match(answer.headers.get('set-cookie') ?? '', new RegExp(`^fairlead-page-${page.port}=`));
    const token = new URL(page.url).searchParams.get('token');
    const cookie = `fairlead-page-1=another; fairlead-page-${page.port}=${token}`;
    assert.equal((await get('/state.json', { cookie })).status, 200);
  });

  test('refuses foreign hosts, origins and sites, and allows no other origin to read', async () => {
    const token = new URL(page.url).searchParams.get('token');
    const own = { authorization: `Bearer ${token}` };
    const answer = await get('/state.json', own);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    for (const foreign of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      assert.equal((await get('/state.json', { ...own, ...foreign } as Record<string, string>)).status, 403);
    }
  });
});

describe('the page in a browser', requirement('browser'), () => {
  let context: BrowserContext;
  let tab: Tab;
  const problems: string[] = [];

  before(async () => {
    const executablePath = browser();
    assert.ok(executablePath);
    context = await chromium.launchPersistentContext(join(folder, 'chromium'), {
      executablePath,
      headless: true,
      args: CHROMIUM_FLAGS,
      viewport: { width: 1280, height: 900 },
    });
    tab = context.pages()[0] ?? (await context.newPage());
    tab.on('pageerror', (error) => problems.push(error.message));
    tab.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await tab.goto(page.url);
  });

  after(async () => await context.close());

  test('takes the token out of the address', () => {
    assert.equal(new URL(tab.url()).search, '');
  });

  test('says what to do while there is nothing', async () => {
    await tab.getByText('npx fairlead upload NAME-VERSION.tgz').waitFor();
    await tab.getByText('No release yet').waitFor();
  });

  test('shows a delivery, a rejection with its reasons, and verdicts as they come', async () => {
    const receivedAt = new Date().toISOString();
    await write(aws, {
      pk: 'upload#staging/shop/web/web-1.4.2.tgz',
      sk: 'v1',
      state: 'delivered',
      receivedAt,
      commit: '3f9c1d2e4b5a69788796a5b4c3d2e1f001234567',
      warnings: [{ code: 'kind-not-served', message: 'No such kind.', whatToDo: 'Install it.' }],
    });
    await write(aws, {
      pk: 'upload#staging/shop/web/web-1.4.3.tgz',
      sk: 'v2',
      state: 'rejected',
      receivedAt,
      reasons: [
        {
          code: 'template-error',
          message: 'A template of the chart fails.',
          place: { file: 'templates/deployment.yaml', line: 7 },
          whatToDo: 'Correct the template and upload the chart under a new version.',
          excerpt: '<b>nil pointer</b> evaluating interface {}.tag',
        },
      ],
    });
    await write(aws, {
      pk: 'upload#staging/shop/web/values.yaml',
      sk: 'v3',
      state: 'failed',
      receivedAt,
      replays: [receivedAt, receivedAt],
      reasons: [{ code: 'not-judged', message: 'It could not be judged.', whatToDo: 'Look.' }],
    });
    await write(aws, {
      pk: 'upload#staging/manifests/a.yaml',
      sk: 'v4',
      state: 'superseded',
      receivedAt,
      by: 'staging/manifests/a.yaml?versionId=v5',
    });
    await write(
      aws,
      verdictItem('shop/web', { verdict: 'in-sync', chart: { name: 'web', version: '1.4.2' } }),
    );
    await write(aws, verdictItem('manifests', { verdict: 'rollout' }));
    await tab.locator('[data-state=delivered]').waitFor();
    await tab.locator('[data-scope="shop/web"][data-verdict=in-sync]').getByText('web 1.4.2').waitFor();

    const rejected = tab.locator('[data-state=rejected]');
    await rejected.click();
    await rejected.getByText('templates/deployment.yaml:7').waitFor();
    // As text, not as markup.
    await rejected.getByText('<b>nil pointer</b>').waitFor();
    await rejected.getByText('npx fairlead replay staging/shop/web/web-1.4.3.tgz').waitFor();
    const delivered = tab.locator('[data-state=delivered]');
    await delivered.getByText('1 warning').click();
    await delivered.getByText('No such kind.').waitFor();
    await tab.locator('[data-state=failed]').getByText('taken again 2 times').waitFor();
    await tab.locator('[data-state=superseded]').getByText('a newer one went first').waitFor();
  });

  test('shows an alert in each of its forms, and nothing of it acts', async () => {
    const at = new Date().toISOString();
    await tell(at, driftAlert(at));
    await write(
      aws,
      verdictItem('shop/web', { verdict: 'drift', findings: 2, chart: { name: 'web', version: '1.4.2' } }),
    );
    const alert = tab.locator('[data-kind=drift]');
    await alert.locator('summary').click();
    await alert.getByText('<img src=x').first().waitFor();
    await alert.locator('[data-form=pager]').click();
    await alert.getByText('OK → ALARM').waitFor();
    await alert.locator('[data-form=chat]').click();
    await alert.getByText('thread local/staging/shop/web/drift/1').waitFor();
    await alert.locator('[data-form=event]').click();
    await alert.getByText('fairlead.dev/v1 drift').waitFor();
    await alert.locator('[data-form=email]').click();
    assert.equal(await tab.title(), '(1 drifting) Fairlead');

    await tell(at, convergedAlert(new Date().toISOString(), at));
    await tab.locator('[data-kind=converged]').waitFor();
    // What was opened stays open when something new comes.
    assert.ok(await alert.getByText('<img src=x').first().isVisible());
  });

  test('shows a grave alert by its headline, without the mark of its email', async () => {
    const at = new Date().toISOString();
    const incident = 'local/staging/shop/web/drift/2';
    await tell(at, { ...driftAlert(at), incident, severity: 'critical' });
    const title = tab.locator(`[data-incident="${incident}"] .title`);
    await title.waitFor();
    assert.match((await title.textContent()) ?? '', /^staging shop\/web: /);
    // Its forms come one by one, and each draws the alerts anew: the next test is about what does not.
    const alert = tab.locator(`[data-incident="${incident}"]`);
    await alert.locator('summary').click();
    for (const form of ['email', 'pager', 'chat', 'event'])
      await alert.locator(`[data-form=${form}]`).waitFor();
    await alert.locator('summary').click();
  });

  test('keeps what is focused when something else changes', async () => {
    const summary = tab.locator('[data-kind=drift] summary').first();
    await summary.focus();
    await write(aws, verdictItem('manifests', { verdict: 'in-sync' }));
    await tab.locator('[data-scope=manifests][data-verdict=in-sync]').waitFor();
    assert.ok(await summary.evaluate((node) => node === node.ownerDocument.activeElement));
  });

  test('needs no sideways scrolling on a phone', async () => {
    if (process.env.FAIRLEAD_SHOTS) {
      await tab.screenshot({ path: join(process.env.FAIRLEAD_SHOTS, 'wide.png'), fullPage: true });
      await tab.emulateMedia({ colorScheme: 'dark' });
      await tab.screenshot({ path: join(process.env.FAIRLEAD_SHOTS, 'dark.png'), fullPage: true });
      await tab.emulateMedia({ colorScheme: 'light' });
    }
    await tab.setViewportSize({ width: 375, height: 740 });
    const width = await tab.evaluate('document.documentElement.scrollWidth');
    assert.equal(width, 375);
    if (process.env.FAIRLEAD_SHOTS) {
      await tab.screenshot({ path: join(process.env.FAIRLEAD_SHOTS, 'phone.png'), fullPage: true });
    }
  });

  test('did all this without an error or a refusal of its own policy', () => {
    assert.deepEqual(problems, []);
  });
});
