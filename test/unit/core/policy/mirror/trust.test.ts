import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRemote, removeRemote } from '../../../../../src/core/incus/serverCommands.ts';
import { refusalOf } from '../../../../../src/core/policy/guard/allowed.ts';
import {
  checkNewRemoteName,
  isServerUrl,
  proposeRemoteName,
  readServerInput,
  serverUrl,
} from '../../../../../src/core/policy/mirror/trust.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const FINGERPRINT = 'ab'.repeat(32);
const token = (fields: object) =>
  btoa(
    JSON.stringify({
      client_name: 'me',
      fingerprint: FINGERPRINT,
      addresses: ['192.0.2.1:8443', '[2001:db8::1]:8443'],
      secret: 'cd'.repeat(32),
      expires_at: '0001-01-01T00:00:00Z',
      ...fields,
    }),
  );

describe('the address of a server', () => {
  it.each([
    ['192.0.2.1', 'https://192.0.2.1:8443'],
    ['backup.example.com:443', 'https://backup.example.com:443'],
    ['https://backup:8443/', 'https://backup:8443'],
    ['[2001:db8::1]', 'https://[2001:db8::1]:8443'],
  ])('%s is %s', (address, url) => {
    expect(serverUrl(address)).toBe(url);
    expect(isServerUrl(url)).toBe(true);
  });

  it.each(['', ' ', '-x', 'a b', 'http://a', 'https://a/b', 'a:0', 'a:70000', 'user@a', 'a?b', 'unix:///x', 'a:b'])(
    '%j is none',
    (address) => {
      expect(serverUrl(address)).toBeUndefined();
    },
  );

  it('once read is read the same again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.string()), (text) => {
        const url = serverUrl(text);
        if (url !== undefined) expect(serverUrl(url)).toBe(url);
      }),
    );
  });
});

describe('what is typed for a server', () => {
  it('can be a token, which carries addresses and fingerprint', () => {
    expect(readServerInput(` ${token({})}\n`, NOW)).toEqual({
      kind: 'token',
      token: { token: token({}), addresses: ['192.0.2.1:8443', '[2001:db8::1]:8443'], fingerprint: FINGERPRINT },
    });
  });

  it('is refused where the token has expired, and taken before that', () => {
    expect(readServerInput(token({ expires_at: '2026-05-31T23:59:59Z' }), NOW)).toEqual({
      kind: 'invalid',
      problem: 'expired',
    });
    expect(readServerInput(token({ expires_at: '2026-06-01T00:00:01Z' }), NOW).kind).toBe('token');
  });

  it('has no address that could be taken for something else', () => {
    const read = readServerInput(token({ addresses: ['-x', 'a b', 7, '192.0.2.1:8443'] }), NOW);
    expect(read.kind === 'token' && read.token.addresses).toEqual(['192.0.2.1:8443']);
  });

  it.each([[token({ fingerprint: 'x' })], [token({ addresses: 'x' })], [btoa('x'.repeat(60))], ['!'.repeat(80)]])(
    'is no token: %s',
    (text) => {
      expect(readServerInput(text, NOW).kind).not.toBe('token');
    },
  );

  it('is read whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.json().map((json) => btoa(encodeURI(json))),
        ),
        (text) => {
          expect(['address', 'token', 'invalid']).toContain(readServerInput(text, NOW).kind);
        },
      ),
    );
  });
});

describe('the name of a new remote', () => {
  it.each([
    ['', 'empty'],
    ['-a', 'badCharacter'],
    ['a b', 'badCharacter'],
    ['a=b', 'badCharacter'],
    ['a/b', 'badCharacter'],
    ['local', 'taken'],
    ['incus-snapshot', undefined],
  ])('%j: %s', (name, problem) => {
    expect(checkNewRemoteName(name, ['local'])).toBe(problem);
  });

  it('is proposed by the host, or as in the book, and is free', () => {
    expect(proposeRemoteName('https://backup.example.com:8443', [])).toBe('backup');
    expect(proposeRemoteName('https://192.0.2.1:8443', ['local'])).toBe('incus-snapshot');
    expect(proposeRemoteName(undefined, ['incus-snapshot'])).toBe('incus-snapshot-2');
  });
});

describe('the guard on remotes', () => {
  it('lets one be added by its address, and removed', () => {
    expect(refusalOf(addRemote('backup', 'https://192.0.2.1:8443').argv)).toBeUndefined();
    expect(refusalOf(removeRemote('backup').argv)).toBeUndefined();
  });

  it.each([
    ['a token among the arguments', ['remote', 'add', '--', 'backup', token({})]],
    ['a certificate that nobody looked at', ['remote', 'add', '--accept-certificate', '--', 'b', 'https://a:8443']],
    ['a password', ['remote', 'add', '--password', 'x', '--', 'b', 'https://a:8443']],
    ['a server that anybody may use', ['remote', 'add', '--public', '--', 'b', 'https://a:8443']],
    ['no encryption', ['remote', 'add', '--', 'b', 'http://a:8443']],
    ['a socket', ['remote', 'add', '--', 'b', 'unix:///x']],
    ['a name like a flag', ['remote', 'add', '--', '-b', 'https://a:8443']],
    ['the default remote', ['remote', 'remove', '--', 'local']],
    ['two at once', ['remote', 'remove', '--', 'a', 'b']],
    ['another default', ['remote', 'switch', '--', 'a']],
    ['another address', ['remote', 'set-url', '--', 'a', 'https://b:8443']],
  ])('refuses %s', (_, argv) => {
    expect(refusalOf(argv)).toBeDefined();
  });
});
