/** What is said between the lab and its keeper: JSON lines over a unix socket. */

/** A server, as the keeper has to know it. */
export interface ServerPlan {
  name: string;
  /** The server's INCUS_DIR. */
  folder: string;
  log: string;
  /** The group that may use the server's socket, by its number: a root of another Debian does not know its name. */
  gid: number;
  /** The root of another Debian, when the server's program is not the machine's own. */
  root?: string;
  env: Record<string, string>;
}

export type KeeperRequest =
  | { do: 'open'; plan: ServerPlan }
  | { do: 'start'; server: string }
  | { do: 'signal'; server: string; signal: NodeJS.Signals }
  /** Answered when the daemon has ended. */
  | { do: 'ended'; server: string }
  | { do: 'pid'; server: string }
  | { do: 'end' };

export type KeeperReply = { id: number; result: unknown } | { id: number; error: string };
