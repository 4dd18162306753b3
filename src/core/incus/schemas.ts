import * as z from 'zod/mini';
import { classify, IncusError, type IncusErrorKind } from './errors.ts';
import {
  type Config,
  DEFAULT_PROJECT,
  type Devices,
  type InstanceRef,
  type Profile,
  type ProjectRef,
  type Remote,
  type Server,
} from '../model.ts';

/**
 * From the wire to the model, at the border: only the fields that are used are checked, unknown ones are left alone,
 * and one bad record costs one row, which is reported, not the list.
 */

/** Told of each record that could not be read: what it was, and why not. */
export type BadRecord = (what: string, why: string) => void;

/** Text, empty where it is absent. */
export const text = z._default(z.string(), '');
/** No, where it is absent. */
export const flag = z._default(z.boolean(), false);

/** Configurations are most of what a listing holds; looked at by a loop, they cost a tenth of what `z.record` takes. */
export const config = z._default(z.nullable(z.custom<Config>(isConfig)), {});
export const devices = z._default(z.nullable(z.custom<Devices>(isDevices)), {});

/** A list whose members are looked at one by one. */
export const list = z.nullable(z.custom<readonly unknown[]>((value) => Array.isArray(value)));

/** Whether all of its fields are text. */
export function isConfig(value: unknown): value is Config {
  if (!isRecord(value)) return false;
  for (const key in value) if (typeof value[key] !== 'string') return false;
  return true;
}

/** Whether all of its fields are devices, whose fields are text. */
export function isDevices(value: unknown): value is Devices {
  if (!isRecord(value)) return false;
  for (const key in value) if (!isConfig(value[key])) return false;
  return true;
}

/** Whether a value has named fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const envelope = z.object({
  type: z.optional(z.string()),
  status_code: z.optional(z.number()),
  error_code: z.optional(z.number()),
  error: z.optional(z.string()),
  metadata: z.optional(z.unknown()),
});

const ERROR_CODES: ReadonlyMap<number, IncusErrorKind> = new Map([
  [403, 'untrusted'],
  [401, 'untrusted'],
]);

/** Reads JSON; what is not JSON is `garbage`, with its beginning as the text. */
export function parseJson(stdout: string, argv: readonly string[]): unknown {
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    throw new IncusError('garbage', { argv, text: stdout.slice(0, 200), cause });
  }
}

/**
 * The metadata of a raw answer of the API.
 * @throws IncusError where the answer is an error, or no answer of Incus at all
 */
export function parseEnvelope(stdout: string, argv: readonly string[]): unknown {
  const answer = envelope.safeParse(parseJson(stdout, argv));
  if (!answer.success || (answer.data.type === undefined && answer.data.error_code === undefined)) {
    throw new IncusError('garbage', { argv, text: stdout.slice(0, 200) });
  }
  const { error_code: code, error } = answer.data;
  if (code !== undefined && code !== 0) {
    const said = error ?? `error ${code}`;
    const kind = classify(said);
    throw new IncusError(kind === 'other' ? (ERROR_CODES.get(code) ?? kind) : kind, { argv, text: said });
  }
  return answer.data.metadata;
}

const remoteRecord = z.object({
  Addr: z.optional(z.string()),
  Addrs: z.optional(z.nullable(z.array(z.string()))),
  Protocol: text,
  Public: flag,
});

/**
 * `incus remote list -f json`, without image servers. The 6.0 client has `Addr`, the 7.0 client `Addrs`.
 */
export function parseRemotes(value: unknown, onBad: BadRecord): Remote[] {
  const records = z.record(z.string(), z.unknown()).safeParse(value);
  if (!records.success) throw new IncusError('garbage', { text: why(records.error) });
  return Object.entries(records.data).flatMap(([name, record]) => {
    const remote = remoteRecord.safeParse(record);
    if (!remote.success) {
      onBad(`remote ${name}`, why(remote.error));
      return [];
    }
    const { Addr, Addrs, Protocol, Public } = remote.data;
    if (Public || (Protocol !== '' && Protocol !== 'incus')) return [];
    return [{ name, address: Addr ?? Addrs?.[0] ?? '' }];
  });
}

const serverRecord = z.object({
  auth: text,
  auth_user_name: text,
  auth_user_method: text,
  api_extensions: z._default(z.nullable(z.array(z.string())), []),
  environment: z._default(
    z.object({
      server_version: text,
      server_name: text,
      server_clustered: flag,
      certificate_fingerprint: text,
    }),
    { server_version: '', server_name: '', server_clustered: false, certificate_fingerprint: '' },
  ),
});

/** `/1.0`: the server, and as whom it knows this client. */
export interface Greeting {
  readonly trusted: boolean;
  /** Fingerprint of this client's certificate, where it came by one. */
  readonly certificate?: string;
  readonly server: Omit<Server, 'access'>;
}

/** `/1.0` */
export function parseServer(value: unknown): Greeting {
  const record = must(serverRecord.safeParse(value));
  const { environment } = record;
  return {
    trusted: record.auth === 'trusted',
    ...(record.auth_user_method === 'tls' && record.auth_user_name !== '' && { certificate: record.auth_user_name }),
    server: {
      version: environment.server_version,
      name: environment.server_name,
      extensions: new Set(record.api_extensions),
      clustered: environment.server_clustered,
      ...(environment.certificate_fingerprint !== '' && { fingerprint: environment.certificate_fingerprint }),
    },
  };
}

/** `/1.0/certificates/X`: whether this client is held to some projects. */
export function parseRestricted(value: unknown): boolean {
  return must(z.object({ restricted: flag }).safeParse(value)).restricted;
}

/** `/1.0/projects`: a list of URLs. */
export function parseProjectUrls(value: unknown): string[] {
  return parseNames(value);
}

/** A list of URLs, as the names that stand last in them. */
export function parseNames(value: unknown): string[] {
  return (must(z.nullable(z.array(z.string())).safeParse(value)) ?? []).map((url) => lastSegment(url));
}

function lastSegment(url: string): string {
  const [path = ''] = url.split('?', 1);
  return decodeURIComponent(path.split('/').at(-1) ?? '');
}

const keyGroups = z.record(z.string(), z.object({ keys: z.array(z.record(z.string(), z.unknown())) }));

/** `/1.0/metadata/configuration`: the documented keys of an instance's configuration. */
export function parseDocumentedKeys(value: unknown): string[] {
  const { configs } = must(z.object({ configs: z.object({ instance: keyGroups }) }).safeParse(value));
  return Object.values(configs.instance).flatMap(({ keys }) => keys.flatMap((key) => Object.keys(key)));
}

/** The records of a listing, which are looked at one by one. */
export function recordsIn(value: unknown): readonly unknown[] {
  return must(list.safeParse(value)) ?? [];
}

/** The name of whatever object of the API it is. */
export function parseName(value: unknown): string {
  return must(z.object({ name: z.string() }).safeParse(value)).name;
}

/** `/1.0/storage-pools/X/volumes/container/Y`: the volume's own configuration. */
export function parseVolumeConfig(value: unknown): Config {
  return must(z.object({ config }).safeParse(value)).config ?? {};
}

const profileRecord = z.object({
  name: z.string(),
  config,
  used_by: z._default(z.nullable(z.array(z.string())), []),
});

/** `/1.0/profiles?recursion=1`, of one project. */
export function parseProfiles(value: unknown, { remote, project }: ProjectRef): Profile[] {
  const records = must(z.nullable(z.array(profileRecord)).safeParse(value)) ?? [];
  return records.map((record) => readProfile(record, { remote, project }));
}

/** `/1.0/profiles/X` */
export function parseProfile(value: unknown, { remote, project }: ProjectRef): Profile {
  return readProfile(must(profileRecord.safeParse(value)), { remote, project });
}

function readProfile(record: z.infer<typeof profileRecord>, place: ProjectRef): Profile {
  const usedBy = (record.used_by ?? []).flatMap((address) => instanceOfUrl(address, place.remote) ?? []);
  return { ref: { ...place, profile: record.name }, config: record.config ?? {}, usedBy };
}

/** The instance that an address in a `used_by` means; `undefined` where it is something else. */
export function instanceOfUrl(address: string, remote: string): InstanceRef | undefined {
  const url = new URL(address, 'http://incus');
  const [, , collection, instance = '', ...more] = url.pathname.split('/');
  if (collection !== 'instances' || instance === '' || more.length > 0) return undefined;
  const project = url.searchParams.get('project') ?? DEFAULT_PROJECT;
  return { remote, project, instance: decodeURIComponent(instance) };
}

/** @throws IncusError `garbage` where it does not fit */
export function must<T>(result: z.core.util.SafeParseResult<T>): T {
  if (!result.success) throw new IncusError('garbage', { text: why(result.error) });
  return result.data;
}

/** What does not fit, in one line. */
export function why(error: z.core.$ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

/** The name of a record that could not be read, for the log. */
export function nameIn(value: unknown): string {
  const name = typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined;
  return typeof name === 'string' ? JSON.stringify(name) : 'without a name';
}

/** What a profile brings. */
export interface ProfileContent {
  readonly description: string;
  readonly config: Config;
  readonly devices: Devices;
}

/** `/1.0/profiles/X` */
export function parseProfileContent(value: unknown): ProfileContent {
  const record = must(z.object({ description: text, config, devices }).safeParse(value));
  return { description: record.description, config: record.config ?? {}, devices: record.devices ?? {} };
}

/** `/1.0/instances/X/state`: bytes of the root disk; nothing, or no positive number, where the pool does not count. */
export function parseDiskUsage(value: unknown): number | undefined {
  const disks = z.nullish(z.object({ root: z.optional(z.object({ usage: z.number() })) }));
  const { disk } = must(z.object({ disk: disks }).safeParse(value));
  const usage = disk?.root?.usage ?? 0;
  return usage > 0 ? usage : undefined;
}
