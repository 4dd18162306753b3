/**
 * Measures from within VS Code's extension host, where the extension itself runs: VS Code calls `run`, which answers
 * questions on a socket until it is told to end. In the environment:
 *   INCUS_BENCH_SOCKET  the path of the socket
 */
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import * as vscode from 'vscode';
import type { Answers, Question } from './protocol.ts';

const answers: { readonly [Q in Question]: () => Promise<Answers[Q]> } = {
  async open() {
    await vscode.commands.executeCommand('incusSnapshots.instances.focus');
    return {};
  },
  async heap() {
    const session = new Session();
    session.connect();
    await session.post('HeapProfiler.collectGarbage');
    session.disconnect();
    return { bytes: process.memoryUsage().heapUsed, pid: process.pid };
  },
  end: () => Promise.resolve({}),
};

/** Answers until it is told to end. */
export async function run(): Promise<void> {
  const socket = process.env['INCUS_BENCH_SOCKET'];
  const { promise: isOver, resolve: end } = Promise.withResolvers<undefined>();
  const server = createServer((request, response) => {
    const question = (request.url ?? '').slice(1) as Question;
    answers[question]().then(
      (answer) => {
        response.end(JSON.stringify(answer));
        if (question === 'end') end(undefined);
      },
      (error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      },
    );
  });
  server.listen(socket);
  await isOver;
  server.close();
}
