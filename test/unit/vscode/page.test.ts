import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOf } from '../../../src/vscode/webview/page.ts';

const parts = {
  title: 'Timeline',
  language: 'de',
  cspSource: 'https://webview.example',
  script: 'https://webview.example/dist/webview/timeline.js',
  styles: ['https://webview.example/media/webview.css'],
  nonce: 'bm9uY2U',
};

describe('the page of a webview', () => {
  it('lets in one script by nonce and our own styles, and nothing else', () => {
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(pageOf(parts)) ?? [];
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      'style-src https://webview.example',
      "script-src 'nonce-bm9uY2U'",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(pageOf(parts)).not.toMatch(/unsafe|\son\w+=|style="/);
  });

  it('has one script, without anything inline', () => {
    expect(pageOf(parts).match(/<script[^>]*>[^<]*<\/script>/g)).toEqual([
      '<script nonce="bm9uY2U" src="https://webview.example/dist/webview/timeline.js"></script>',
    ]);
  });

  it('shows any title as text', () => {
    fc.assert(
      fc.property(fc.string(), (title) => {
        const page = pageOf({ ...parts, title });
        expect(page.match(/<(script|img|iframe|svg|meta|link)\b/g)).toEqual(
          pageOf(parts).match(/<(script|meta|link)\b/g),
        );
      }),
    );
    expect(pageOf({ ...parts, title: '</title><script>alert(1)</script>' })).toContain(
      '<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</title>',
    );
  });
});
