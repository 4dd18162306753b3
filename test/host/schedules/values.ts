/** What is set on servers to see whether they agree: picked by hand, and generated from a fixed seed. */
import fc from 'fast-check';

/** Fixed: a difference that was seen once is seen again. */
const SEED = 20260204;

const GENERATED = 280;

/** More of them come out the same. */
const GENERATED_PATTERNS = 400;

/** Kept short, so that a difference can be read. */
function sample(arbitrary: fc.Arbitrary<string>, numRuns = GENERATED): string[] {
  return fc.sample(arbitrary, { seed: SEED, numRuns });
}

const PICKED_SCHEDULES = [
  ...['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@annually', '@yearly', '@startup', '@never'],
  ...['@HOURLY', '@Daily', ' @daily', '@daily ', '@reboot', '@every 1h', '@always', '@5minutes', '@10minutes'],
  ...['@15minutes', '@30minutes', '@everysecond', '@everyminute', '@fortnightly', '@', 'daily', '', ' '],
  ...['@hourly,@daily', '@hourly, @daily', '@hourly , @daily', '@hourly,  @daily', '@startup, 0 6 * * *', ', @daily'],
  ...['@daily, ', '@never, @hourly', '0 6,18 * * *', '0 6,18 * * *, @weekly', '0 6 * * 1,3, @daily'],
  ...['* * * * *', '* * * *', '* * * * * *', '* * * * * * *', '* * * * * * * *', '30 * * * * *', '0 0 * * * 2027'],
  ...['0 0 1 1 * 2027', '0 0 0 1 1 * 2027', '0 0 1 1 * 27', '0 0 0 1 1 * *', '0 0 0 1 1 * 2020-2030'],
  ...['59 23 31 12 6', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * 32 * *', '* * * 0 *', '* * * 13 *', '* * * * 7'],
  ...[
    '* * * * 8',
    '-1 * * * *',
    '+1 * * * *',
    '007 * * * *',
    '1.5 * * * *',
    '*/0 * * * *',
    '*/1 * * * *',
    '*/60 * * * *',
  ],
  ...['*/+5 * * * *', '*/-5 * * * *', '0/5 * * * *', '5/10 * * * *', '5-50/10 * * * *', '50-5 * * * *', '* * 0/5 * *'],
  ...[
    '1/2/3 * * * *',
    '1-2-3 * * * *',
    '*-5 * * * *',
    '*-x * * * *',
    '*5 * * * *',
    '?/5 * * * *',
    '? ? ? ? ?',
    '*/ * * * *',
  ],
  ...['/5 * * * *', '1, * * * *', ',1 * * * *', '1,,2 * * * *', ', * * * *', '*,99 * * * *', '*/1,99 * * * *'],
  ...[
    '0 6 * jan mon',
    '0 6 * JAN MON',
    '0 6 * january monday',
    '0 6 * jan-mar sat,sun',
    '0 6 * * fri-sun',
    '0 6 * * sun-mon',
  ],
  ...[
    'mon * * * *',
    '0 6 * mon jan',
    '1mon * * * *',
    '0 6 * * mon/2',
    '0 6 * * 5L',
    '0 6 L * *',
    '0 6 15W * *',
    '0 6 LW * *',
  ],
  ...[
    '0 6 L-3 * *',
    '0 6 W * *',
    '0 6 99W * *',
    '0 6 * * 1#2',
    '0 6 * * 7#1',
    '0 6 * * 1#9',
    '0 6 * * #2',
    '0 6 * * L',
  ],
  ...[
    '0 6 * * -1L',
    '0 6 1,L * *',
    '0 6 * * 1-5,6L',
    '0 6 */2 * 1',
    '0 6 * * */2',
    '0 6 13 * 5',
    '0 6 31 2 *',
    '0 6 29 2 *',
  ],
  ...[
    '0\t6 * * *',
    '*\t* * *  *',
    '0 6  * * *',
    ' 0 6 * * *',
    '0 6 * * * ',
    '0\n6 * * *',
    '\u00a00 6 * * *',
    '０ 6 * * *',
  ],
  ...[
    'TZ=UTC 0 6 * * *',
    'CRON_TZ=UTC 0 6 * * *',
    'tz=utc 6 * * *',
    '99999999999999999999 * * * *',
    '*/99999999999999999999 * * * *',
  ],
  ...[
    '0 6 * * frı',
    '0 6 * * \u017fun',
    '0 6 * * FR\u0130',
    'nonsense',
    'a b c d e',
    '{{ x }}',
    '0 6 * * *;',
    '0 6 * * *,',
  ],
];

const PICKED_EXPIRIES = [
  ...['', ' ', '1S', '1M', '1H', '1d', '1w', '1m', '1y', '0d', '0S 0y', '1d 3H', '3H 1d', '1y 2m 3w 4d 5H 6M 7S'],
  ...[
    '1D',
    '1h',
    '1s',
    '1Y',
    '1W',
    '1d1H',
    '1d  3H',
    ' 1d',
    '1d ',
    '1d\t3H',
    '\t1d\n',
    '1d,3H',
    '1d, 3H',
    '1d\n3H',
    '1d\u00a0',
  ],
  ...[
    '\u00851d',
    '\ufeff1d',
    '1\u00a0d',
    '-1d',
    '+1d',
    '1.5d',
    '1e3d',
    '0x1d',
    '1 d',
    'd',
    '1',
    'd1',
    '1dd',
    '11d',
    '007d',
  ],
  ...[
    '1d 2d',
    '0d 1d',
    '0d 0d',
    '1d 0d',
    '0d 1d 2d',
    '1m 1M',
    '1d 1w 1d',
    '9223372036854775807S',
    '9223372036854775808S',
  ],
  ...[
    '99999999999999999999d',
    '9999y',
    '99999999y',
    '1000000d',
    '١d',
    '1ｄ',
    '1d ',
    'never',
    'tomorrow',
    '2027-01-02',
    '{{ 1 }}d',
  ],
  ...[
    '1d 3H 2M 1S',
    '1d  ',
    '  1d',
    '1d;',
    '1d\\',
    '"1d"',
    "'1d'",
    '1d/2',
    '1d-2d',
    '1d 3X',
    'X',
    '1dH',
    '1d H',
    '1 1',
  ],
];

/** Parts of cron in and out of their bounds, as they may stand in any field. */
const number = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 61 }).map(String), weight: 6 },
  { arbitrary: fc.constantFrom('*', '?', 'jan', 'dec', 'MON', 'sun', 'Fri', '00', '05', '+3', ''), weight: 3 },
  { arbitrary: fc.constantFrom('L', '15W', '5L', '2#3', '7', '8', '2027', 'x', '-1'), weight: 1 },
);
const part = fc.oneof(
  { arbitrary: number, weight: 5 },
  { arbitrary: fc.tuple(number, number).map(([a, b]) => `${a}-${b}`), weight: 3 },
  { arbitrary: fc.tuple(number, number).map(([a, b]) => `${a}/${b}`), weight: 2 },
  { arbitrary: fc.tuple(number, number, number).map(([a, b, c]) => `${a}-${b}/${c}`), weight: 2 },
);
const field = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));
/** Fields within their bounds, so that what is generated is not always refused. */
const inBounds = (min: number, max: number) => {
  const value = fc.integer({ min, max });
  return fc.oneof(
    fc.constant('*'),
    value.map(String),
    value.map((step) => `*/${Math.max(1, step)}`),
    fc.tuple(value, value).map((ends) => ends.toSorted((a, b) => a - b).join('-')),
    fc.array(value, { minLength: 2, maxLength: 4 }).map((values) => values.join(',')),
  );
};
const good = fc
  .tuple(inBounds(0, 59), inBounds(0, 23), inBounds(1, 31), inBounds(1, 12), inBounds(0, 6))
  .map((fields) => fields.join(' '));
const oneWrong = fc.tuple(good, field, fc.nat(4)).map(([text, wrong, at]) => text.split(' ').with(at, wrong).join(' '));
const anyFields = fc.array(field, { minLength: 4, maxLength: 7 }).map((fields) => fields.join(' '));
const alias = fc.constantFrom('@hourly', '@daily', '@Weekly', '@startup', '@never', '@5minutes', '@nonsense');
const list = fc
  .tuple(fc.array(fc.oneof(alias, good), { minLength: 2, maxLength: 3 }), fc.constantFrom(', ', ',', ' , ', ',  '))
  .map(([all, comma]) => all.join(comma));

const schedule = fc.oneof(
  { arbitrary: oneWrong, weight: 5 },
  { arbitrary: good, weight: 2 },
  { arbitrary: anyFields, weight: 1 },
  { arbitrary: list, weight: 2 },
);

const span = fc
  .tuple(
    fc.oneof(fc.nat(400).map(String), fc.constantFrom('', '-1', '1.5', '00', '99999999999999999999')),
    fc.constantFrom('S', 'M', 'H', 'd', 'w', 'm', 'y', 'S', 'M', 'H', 'd', 'w', 'm', 'y', 'D', 'h', ''),
  )
  .map(([count, unit]) => count + unit);
const expiry = fc
  .tuple(
    fc.array(span, { minLength: 1, maxLength: 4 }),
    fc.oneof(
      { arbitrary: fc.constant(' '), weight: 6 },
      { arbitrary: fc.constantFrom('', '  ', ',', '\t'), weight: 1 },
    ),
  )
  .map(([spans, between]) => spans.join(between));

export const SCHEDULES: readonly string[] = unique([...PICKED_SCHEDULES, ...sample(schedule)]);
export const EXPIRIES: readonly string[] = unique([...PICKED_EXPIRIES, ...sample(expiry)]);

const layoutPart = fc.constantFrom(
  ...[
    '2006',
    '06',
    '01',
    '1',
    'Jan',
    'January',
    '02',
    '2',
    '002',
    '15',
    '03',
    '3',
    'PM',
    'pm',
    'Mon',
    'Monday',
    '-0700',
    'Z07:00',
  ],
  ...['-', '_', '.', 'T', 'at', 'x', '%d', 'Janet', 'Monet', '20060102', '0', '7', ':', '_2', '__2', 'MST'],
);
const layout = fc.array(layoutPart, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
const dated = fc
  .tuple(layout, fc.constantFrom('"', "'"), fc.constantFrom('', ' '))
  .map(([text, quote, blank]) => `{{${blank}creation_date${blank}|${blank}date:${quote}${text}${quote}${blank}}}`);
const literal = fc.constantFrom(
  'snap',
  'auto-',
  's.',
  'x',
  '%d',
  '-%d',
  'nightly-%d',
  'a_b',
  'A',
  '9',
  'é',
  ' ',
  '/',
  '%s',
  '%',
);
const pattern = fc
  .array(fc.oneof({ arbitrary: literal, weight: 3 }, { arbitrary: dated, weight: 2 }), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''));

/** Names are made of them, so they are fewer: each takes a snapshot. */
export const PATTERNS: readonly string[] = unique([
  ...['', 'snap%d', 'auto', 'a-%d-b', '%d', '%d%d', 'x%d-%d', 'two words', 'a/b', '.', '..', '100%', '%s-%d', 'a%%d'],
  ...[
    '{{ creation_date|date:"2006-01-02_15-04" }}',
    "{{ creation_date|date:'2006-01-02_15-04' }}",
    '{{creation_date|date:"2006"}}-%d',
  ],
  ...[
    '{{ creation_date }}',
    '{{ creation_date|date }}',
    '{{ nothing }}',
    '{{ nothing }}x',
    '{{ "x"|upper }}',
    '{% if 1 %}y{% endif %}',
  ],
  ...[
    '{{',
    '{{ x',
    '{% if %}',
    '{# note #}z',
    '}}',
    '{ x }',
    '{{ creation_date|date:"{{" }}',
    '{{- creation_date|date:"2006" -}}',
  ],
  ...[
    '{{ creation_date | date : "Mon Jan 2" }}',
    '{{ creation_date|date:"Mon-Jan-_2" }}',
    '{{ creation_date|date:"MST" }}',
  ],
  ...sample(pattern, GENERATED_PATTERNS),
]);

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
