/**
 * Tries the extension out, on a machine that need not be set up: starts a throwaway lab of two Incus servers and opens
 * the extension in VS Code, or in VS Code's workbench for a browser. Ctrl-C ends all of it.
 *
 *   npm start -- [--incus 6.0|7.0|mixed] [--own] [--browser] [--once]
 *
 *   --own      your own Incus, no lab
 *   --browser  the workbench, also where there is a desktop VS Code
 *   --once     ends as soon as the workbench has answered under its address
 */
import { build } from './build.mjs';
import { lineOf, main, setup } from './setup.mjs';
import { runNode } from './setup/node24.mjs';
import { Missing, say, which } from './setup/run.mjs';

const FLAGS = ['--own', '--browser', '--once'];

function parse(args) {
  const line = lineOf(args);
  const rest = args.filter((one, at) => one !== '--incus' && args[at - 1] !== '--incus');
  const unknown = rest.find((one) => !FLAGS.includes(one));
  if (unknown !== undefined) throw new Missing(`what is meant by ${unknown}? There are --incus, ${FLAGS.join(', ')}`);
  return { line, own: rest.includes('--own'), browser: rest.includes('--browser'), once: rest.includes('--once') };
}

/** The desktop's VS Code, where there is one and a display to show it on. */
function desktopCode() {
  const hasDisplay = Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
  return hasDisplay ? which('code') : undefined;
}

await main(async () => {
  const { line, own, browser, once } = parse(process.argv.slice(2));
  const code = browser || once ? undefined : desktopCode();
  await setup({ ...(own ? {} : { line }), workbench: code === undefined });
  if (own && which('incus') === undefined) say('there is no incus on the PATH; the view will say how to get it');
  say('building the extension');
  await build();
  return runNode(['test/lab/try-out.ts', own ? 'own' : line, code ?? 'workbench', ...(once ? ['once'] : [])]);
});
