import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskSecrets } from '../../../../src/core/policy/mask.ts';

describe('the log', () => {
  it('holds no trust token', () => {
    fc.assert(
      fc.property(fc.base64String({ minLength: 100 }), (token) => {
        expect(maskSecrets(['remote', 'add', 'x', token])).toEqual(['remote', 'add', 'x', '***']);
      }),
    );
  });

  it('holds no password, however it is given', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8 }).map((s) => `S3cret${s}`),
        (secret) => {
          const argv = [`-c`, `user.db_password=${secret}`, JSON.stringify({ name: 's', token: secret })];
          expect(maskSecrets(argv).join(' ')).not.toContain('S3cret');
        },
      ),
    );
  });

  it('leaves everything else as it is', () => {
    const argv = [
      'query',
      '-d',
      '{"expires_at":"2030-01-01T00:00:00Z"}',
      '--',
      'local:/1.0',
      'snapshots.schedule=@daily',
    ];
    expect(maskSecrets(argv)).toEqual(argv);
  });
});
