/** Tar archives as Incus writes them, made in memory. */

export interface TarEntry {
  readonly name: string;
  readonly data: Buffer;
}

/** USTAR; names of more than 100 characters go into a PAX header, as Go does it. */
export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(1024)]);
}

function blocksOf({ name, data }: TarEntry): Buffer[] {
  if (name.length <= 100) return [header(name, data.length, '0'), padded(data)];
  const record = ` path=${name}\n`;
  let length = record.length + 1;
  while (`${length}${record}`.length !== length) length++;
  const pax = Buffer.from(`${length}${record}`);
  return [
    header('PaxHeaders.0/x', pax.length, 'x'),
    padded(pax),
    header(name.slice(0, 100), data.length, '0'),
    padded(data),
  ];
}

function header(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 'utf8');
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write(`${type}ustar\0`, 156);
  block.write('00', 263);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** `index.yaml` as 6.0.4 writes it. */
export function indexText(name: string, snapshots: readonly string[], more = ''): string {
  const list = snapshots.length === 0 ? ' []' : snapshots.map((one) => `\n- ${one}`).join('');
  return `name: ${name}\nbackend: btrfs\npool: default\nsnapshots:${list}\noptimized: false\noptimized_header: false\ntype: container\n${more}config:\n  container:\n    name: other\n`;
}

/** A backup of an instance. */
export function backup(name: string, snapshots: readonly string[], size = 3_000): Buffer {
  return tar([
    { name: 'backup/index.yaml', data: Buffer.from(indexText(name, snapshots)) },
    ...snapshots.map((one) => ({ name: `backup/snapshots/${one}/rootfs/file`, data: Buffer.alloc(size, one) })),
    { name: `backup/container/rootfs/${'deep/'.repeat(30)}file`, data: Buffer.alloc(size, 7) },
  ]);
}
