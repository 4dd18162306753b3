/** What a value is replaced by where it could be a secret. */
const MASK = '***';

const SECRET_KEY = /pass(word|phrase)|token|secret|private[._-]?key|credential/i;

/** `key=value`, as `config set` and `-c` take it. */
const PAIR = /^([^=\s]+)=(.+)$/s;

/** A JSON string member: what stands before its value, and its value. */
const JSON_MEMBER = /("((?:[^"\\]|\\.)*)"\s*:\s*)"(?:[^"\\]|\\.)*"/g;

/** Trust tokens of Incus are one long word of base64 (`doc/authentication.md`), longer than any name may be. */
const TOKEN = /^[A-Za-z0-9+/_-]{100,}={0,2}$/;

/** The arguments with everything masked that could be a secret, so that they can stand in a log. */
export function maskSecrets(argv: readonly string[]): string[] {
  return argv.map((arg) => {
    if (TOKEN.test(arg)) return MASK;
    if (arg.startsWith('{')) {
      return arg.replace(JSON_MEMBER, (member, before: string, key: string) =>
        SECRET_KEY.test(key) ? `${before}"${MASK}"` : member,
      );
    }
    const pair = PAIR.exec(arg);
    if (pair?.[1] !== undefined && SECRET_KEY.test(pair[1])) return `${pair[1]}=${MASK}`;
    return arg;
  });
}
