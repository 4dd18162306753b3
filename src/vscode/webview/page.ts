/** What a page is made of; addresses as the webview reaches them. */
export interface PageParts {
  readonly title: string;
  /** A BCP 47 tag, for screen readers. */
  readonly language: string;
  /** The webview's own source, as in `Webview.cspSource`. */
  readonly cspSource: string;
  readonly script: string;
  readonly styles: readonly string[];
  /** Differs each time. */
  readonly nonce: string;
}

/**
 * The page of a webview: empty but for its script, which draws what the extension sends. The policy lets nothing in
 * but that script, by nonce, and our own style sheets: no inline script or style, no picture, font or frame, and no
 * connection to anywhere.
 */
export function pageOf({ title, language, cspSource, script, styles, nonce }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `style-src ${cspSource}`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const links = styles.map((href) => `    <link rel="stylesheet" href="${escaped(href)}">`).join('\n');
  return `<!DOCTYPE html>
<html lang="${escaped(language)}">
  <head>
    <meta charset="UTF-8">
    <meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
    <meta name="viewport" content="width=device-width, initial-scale=1.0">
    <title>${escaped(title)}</title>
${links}
  </head>
  <body>
    <script nonce="${escaped(nonce)}" src="${escaped(script)}"></script>
  </body>
</html>
`;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, (c) => entities[c] ?? c);
}
