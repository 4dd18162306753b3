/**
 * Stands in for @vscode/native-watchdog, without which VS Code complains in every log: ends the extension host when the
 * server that started it has gone.
 */
'use strict';

exports.start = (parent) => {
  setInterval(() => {
    try {
      process.kill(parent, 0);
    } catch {
      process.exit(87);
    }
  }, 200).unref();
};
