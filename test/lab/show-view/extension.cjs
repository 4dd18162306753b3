/** For `npm start` alone: opens the Incus view, so that a new user sees at once what there is to see. */
'use strict';
const vscode = require('vscode');

exports.activate = () => vscode.commands.executeCommand('incusSnapshots.instances.focus');
