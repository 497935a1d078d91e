/** How a revision of the sample service is to run. */
export interface RevisionOptions {
  /** Numbers of its instances. Default: 0 alone. */
  slots?: readonly number[];
  /** Besides its name: what the sample service understands, and whatever a check looks for. */
  env?: Readonly<Record<string, string>>;
}
