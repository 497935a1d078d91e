/** Each decade of durations, in µs: up to where it goes, and how wide its buckets are. */
const DECADES: readonly { below: number; width: number }[] = [
  { below: 1_000, width: 50 },
  { below: 10_000, width: 500 },
  { below: 100_000, width: 5_000 },
  { below: 1_000_000, width: 50_000 },
  { below: 10_000_000, width: 500_000 },
  { below: 300_000_000, width: 10_000_000 },
];

/** Upper bounds of all buckets in ms, ascending. */
export const BOUNDS: readonly number[] = DECADES.flatMap(({ below, width }, at) => {
  const from = at === 0 ? 0 : (DECADES[at - 1]?.below ?? 0);
  return Array.from({ length: (below - from) / width }, (_, number) => (from + (number + 1) * width) / 1000);
});

/** Which bucket holds durations from `start` µs on; one more than there are bounds for those beyond the last. */
export function bucketAt(startUs: number): number {
  const at = BOUNDS.findIndex((bound) => bound * 1000 > startUs);
  return at < 0 ? BOUNDS.length : at;
}

/**
 * Rules that count each answer in a stick table of the service, by revision and duration: HAProxy itself exports
 * averages alone. From the request's arrival to the head of the answer; a tunnel (101) has no duration. One entry per
 * bucket that was met, so a request costs one look-up, however many buckets there are.
 */
export function histogramRules(service: string, holdsTable: boolean): string[] {
  const buckets = DECADES.map(({ below, width }, at) => {
    const from = DECADES[at - 1]?.below ?? 0;
    const upTo = at === DECADES.length - 1 ? [] : [`{ var(txn.took) -m int lt ${below} }`];
    const conditions = [...(from === 0 ? [] : [`{ var(txn.took) -m int ge ${from} }`]), ...upTo].join(' ');
    return `  http-response set-var(txn.bucket) var(txn.took),div(${width}),mul(${width}) if ${conditions}`;
  });
  return [
    ...(holdsTable ? ['  stick-table type string len 128 size 20k store gpc0'] : []),
    '  http-response set-var(txn.took) date(0,us),sub(txn.start)',
    ...buckets,
    `  http-response set-var(txn.key) srv_name,field(1,:),concat(|,txn.bucket)`,
    `  http-response track-sc0 var(txn.key) table ${service} unless { status 101 }`,
    '  http-response sc-inc-gpc0(0) unless { status 101 }',
  ];
}
