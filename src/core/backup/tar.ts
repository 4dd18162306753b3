/**
 * Looks through a tar archive while it goes by, and tells whether it is whole. A library would read the entries; that an
 * archive ends where it says it does, which is what makes a backup whole, none of them asks.
 *
 * The formats are those of Go's `archive/tar`, with which Incus writes: USTAR, PAX, GNU.
 */
const BLOCK = 512;

/** Bytes of an index that are kept at most: it holds the configuration of each snapshot. */
const MAX_INDEX = 64 * 1024 * 1024;

/** Bytes of an extended header; Go writes no longer ones. */
const MAX_EXTENDED = 1024 * 1024;

const INDEX_ENTRY = 'backup/index.yaml';

/** Why an archive is not whole, or is none. */
export type TarProblem = 'noTar' | 'broken' | 'cutOff';

export class TarError extends Error {
  readonly problem: TarProblem;

  constructor(problem: TarProblem) {
    super(problem);
    this.name = 'TarError';
    this.problem = problem;
  }
}

export interface TarContent {
  /** The text of `backup/index.yaml`; absent where there is none. */
  readonly index?: string;
  /** Names of what is in it, two levels below `backup`. */
  readonly entries: ReadonlySet<string>;
}

/** Feed it all bytes, then ask for the content. */
export class TarReader {
  readonly #entries = new Set<string>();
  #index: string | undefined;
  #head = Buffer.alloc(0);
  /** Bytes of the entry that are still to come, its padding included. */
  #left = 0;
  #kept: { readonly use: 'index' | 'pax' | 'name'; readonly size: number; readonly parts: Buffer[] } | undefined;
  #nextName: string | undefined;
  #nextSize: number | undefined;
  #zeroBlocks = 0;
  #hasHeader = false;

  /** @throws TarError */
  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#kept?.parts.push(chunk.subarray(at, at + taken));
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.#endEntry();
        continue;
      }
      const taken = Math.min(BLOCK - this.#head.length, chunk.length - at);
      this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + taken)]);
      at += taken;
      if (this.#head.length < BLOCK) return;
      const head = this.#head;
      this.#head = Buffer.alloc(0);
      this.#readHeader(head);
    }
  }

  /**
   * To be asked when nothing more comes.
   * @throws TarError `cutOff` where the end of the archive was not among what came
   */
  content(): TarContent {
    if (!this.#hasHeader) throw new TarError('noTar');
    if (this.#left > 0 || this.#head.length > 0 || this.#zeroBlocks < 2) throw new TarError('cutOff');
    return { ...(this.#index !== undefined && { index: this.#index }), entries: this.#entries };
  }

  #readHeader(head: Buffer): void {
    if (head.every((byte) => byte === 0)) {
      if (!this.#hasHeader) throw new TarError('noTar');
      this.#zeroBlocks++;
      return;
    }
    const problem = this.#hasHeader ? 'broken' : 'noTar';
    if (this.#zeroBlocks > 0 || !isHeader(head)) throw new TarError(problem);
    this.#hasHeader = true;
    const type = String.fromCharCode(head[156] ?? 0);
    const own = sizeIn(head);
    const size = 'xgL'.includes(type) ? own : (this.#nextSize ?? own);
    if (size === undefined || !Number.isSafeInteger(size)) throw new TarError('broken');
    if ('xgLK'.includes(type)) {
      if (size > MAX_EXTENDED) throw new TarError('broken');
      if (type === 'x' || type === 'L') this.#kept = { use: type === 'x' ? 'pax' : 'name', size, parts: [] };
    } else {
      const name = this.#nextName ?? nameIn(head);
      this.#nextName = undefined;
      this.#nextSize = undefined;
      this.#note(name);
      if (name === INDEX_ENTRY && this.#index === undefined) {
        if (size > MAX_INDEX) throw new TarError('broken');
        this.#kept = { use: 'index', size, parts: [] };
      }
    }
    // Links and folders have a size that says nothing of what follows.
    this.#left = '123456'.includes(type) ? 0 : Math.ceil(size / BLOCK) * BLOCK;
    if (this.#left === 0) this.#endEntry();
  }

  #note(name: string): void {
    const [root, first, second] = name.replace(/^\.\//, '').split('/');
    if (root !== 'backup' || first === undefined || first === '') return;
    this.#entries.add(second === undefined || second === '' ? first : `${first}/${second}`);
  }

  #endEntry(): void {
    if (!this.#kept) return;
    const { use, size, parts } = this.#kept;
    this.#kept = undefined;
    const data = Buffer.concat(parts).subarray(0, size);
    if (use === 'index') this.#index = data.toString('utf8');
    else if (use === 'name') this.#nextName = untilNul(data).replace(/\0+$/, '');
    else this.#readPax(data);
  }

  /** `LENGTH key=value` lines. */
  #readPax(data: Buffer): void {
    for (let at = 0; at < data.length;) {
      const space = data.indexOf(' ', at);
      const length = Number(data.subarray(at, Math.max(space, at)).toString('latin1'));
      if (space < 0 || !Number.isInteger(length) || length <= 0) throw new TarError('broken');
      const [key = '', ...value] = data
        .subarray(space + 1, at + length - 1)
        .toString('utf8')
        .split('=');
      if (key === 'path') this.#nextName = value.join('=');
      if (key === 'size') this.#nextSize = Number(value.join('='));
      at += length;
    }
  }
}

function isHeader(head: Buffer): boolean {
  const wanted = Number.parseInt(untilNul(head.subarray(148, 156)).trim(), 8);
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : (head[i] ?? 0);
  return wanted === sum;
}

/** Octal, or from 8 GiB on binary with the first bit set. */
function sizeIn(head: Buffer): number | undefined {
  const field = head.subarray(124, 136);
  if ((field[0] ?? 0) >= 0x80) return Number(field.readBigUInt64BE(4));
  const text = untilNul(field).trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : undefined;
}

function nameIn(head: Buffer): string {
  const prefix = head.subarray(257, 263).toString('latin1') === 'ustar\0' ? untilNul(head.subarray(345, 500)) : '';
  const name = untilNul(head.subarray(0, 100));
  return prefix === '' ? name : `${prefix}/${name}`;
}

function untilNul(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8');
}
