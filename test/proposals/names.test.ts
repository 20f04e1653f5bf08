import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { apiOf, projectIn, projectOf, type TokenHost } from '../../lib/proposals/repository-name.ts';

describe('the name of a repository, out of the URL that git opens it at', () => {
  const cases: readonly (readonly [TokenHost, string, string | undefined, string | undefined])[] = [
    ['github', 'https://github.com/acme/cluster.git', 'acme/cluster', 'https://api.github.com'],
    ['github', 'https://github.com/acme/cluster', 'acme/cluster', 'https://api.github.com'],
    ['github', 'https://github.com/acme/cluster/', 'acme/cluster', 'https://api.github.com'],
    ['github', 'git@github.com:acme/cluster.git', 'acme/cluster', 'https://api.github.com'],
    ['github', 'ssh://git@github.com/acme/cluster.git', 'acme/cluster', 'https://api.github.com'],
    ['github', 'ssh://git@ssh.github.com:443/acme/cluster.git', 'acme/cluster', 'https://api.github.com'],
    ['github', 'https://ghe.example.com/acme/cluster.git', 'acme/cluster', 'https://ghe.example.com/api/v3'],
    ['github', 'https://ghe.example.com:8443/acme/c.d', 'acme/c.d', 'https://ghe.example.com:8443/api/v3'],
    [
      'github',
      'ssh://git@ghe.example.com:2222/acme/cluster',
      'acme/cluster',
      'https://ghe.example.com/api/v3',
    ],
    ['github', 'https://github.com/acme', undefined, 'https://api.github.com'],
    ['github', 'https://github.com/acme/sub/cluster', undefined, 'https://api.github.com'],
    ['gitlab', 'https://gitlab.com/acme/cluster.git', 'acme/cluster', 'https://gitlab.com/api/v4'],
    ['gitlab', 'git@gitlab.com:acme/a/b/cluster.git', 'acme/a/b/cluster', 'https://gitlab.com/api/v4'],
    [
      'gitlab',
      'ssh://git@altssh.gitlab.com:443/acme/cluster.git',
      'acme/cluster',
      'https://gitlab.com/api/v4',
    ],
    ['gitlab', 'ssh://git@gl.example.com:2222/a/b.git', 'a/b', 'https://gl.example.com/api/v4'],
    [
      'gitlab',
      'https://gl.example.com/Acme%20Inc/cluster',
      'Acme Inc/cluster',
      'https://gl.example.com/api/v4',
    ],
    ['gitlab', 'https://gl.example.com/a/%2e%2e/cluster', undefined, 'https://gl.example.com/api/v4'],
    ['gitlab', 'https://gl.example.com/a%2Fb/cluster', undefined, 'https://gl.example.com/api/v4'],
    ['gitlab', 'https://gl.example.com/a/%zz', undefined, 'https://gl.example.com/api/v4'],
    ['bitbucket', 'https://bitbucket.org/acme/cluster.git', 'acme/cluster', 'https://api.bitbucket.org/2.0'],
    ['bitbucket', 'git@bitbucket.org:acme/cluster.git', 'acme/cluster', 'https://api.bitbucket.org/2.0'],
    // Bitbucket Data Center has another API.
    ['bitbucket', 'https://bitbucket.example.com/scm/acme/cluster.git', undefined, undefined],
    ['github', 'file:///srv/cluster.git', undefined, undefined],
  ];
  for (const [kind, url, project, api] of cases)
    test(`${kind}: ${url} is ${project ?? 'none'}`, () => {
      assert.equal(projectIn(kind, url)?.join('/'), project);
      assert.equal(apiOf(kind, url), api);
    });

  test('a GitLab below a path of its server has that path in front of the project, and SSH has not', () => {
    const api = 'https://example.com/gitlab/api/v4';
    const name = (url: string) => projectIn('gitlab', url, api)?.join('/');
    assert.equal(name('https://example.com/gitlab/acme/sub/cluster.git'), 'acme/sub/cluster');
    assert.equal(name('ssh://git@example.com/acme/sub/cluster.git'), 'acme/sub/cluster');
    assert.equal(name('https://example.com/gitlabs/cluster.git'), 'gitlabs/cluster');
  });

  test('whatever is named, no part of it leads elsewhere in the API', () => {
    const kinds = fc.constantFrom<TokenHost>('github', 'gitlab', 'bitbucket');
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', '.', '/', '%', '2', 'e', 'F', '?', '#', '\\') }),
    );
    fc.assert(
      fc.property(kinds, texts, (kind, text) => {
        for (const parts of [projectOf(kind, text), projectIn(kind, `https://example.com/${text}`)])
          for (const part of parts ?? []) {
            assert.ok(part !== '' && part !== '.' && part !== '..' && !part.includes('/'));
            const url = new URL(`https://api.example.com/repos/${encodeURIComponent(part)}/pulls`);
            assert.equal(url.pathname.split('/').length, 4);
            assert.equal(url.origin, 'https://api.example.com');
          }
      }),
      { numRuns: 2000 },
    );
  });
});
