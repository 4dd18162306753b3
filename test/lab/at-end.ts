/** What has to happen when this process ends, however it ends, so that nothing is left when it is gone. */

export interface Ending {
  /** Begins to tidy up; called once. */
  begin: () => void;
  /** Whether all is gone. Asked again and again, so it may try to remove what could not be removed at first. */
  isOver: () => boolean;
}

const endings = new Set<Ending>();
let watching = false;

/** Has `ending` seen to when the process ends. Returns how to take it back, for what was ended before. */
export function onEnd(ending: Ending): () => void {
  endings.add(ending);
  if (!watching) watch();
  return () => endings.delete(ending);
}

function watch(): void {
  watching = true;
  process.once('exit', finish);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      finish();
      // Now that nobody listens, the signal does what it does by itself; process.exit may belong to a test runner.
      process.kill(process.pid, signal);
    });
  }
  // The worker of a test runner outlives the runner otherwise.
  process.once('disconnect', () => {
    finish();
    process.kill(process.pid, 'SIGKILL');
  });
}

/** Synchronous, because nothing else runs once a process exits. */
function finish(): void {
  for (const { begin } of endings) begin();
  const deadline = Date.now() + 15_000;
  const idle = new Int32Array(new SharedArrayBuffer(4));
  while ([...endings].some((ending) => !ending.isOver()) && Date.now() < deadline) Atomics.wait(idle, 0, 0, 10);
}
