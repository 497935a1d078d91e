/** Which of the two images runs. */
export type Version = 'v1' | 'v2';

/** Where a peer puts the service. */
export interface Site {
  /** A folder of its own, empty at first. */
  folder: string;
  /** Users reach the service here, on 127.0.0.1. */
  port: number;
  image: (version: Version) => string;
}

/** A way to replace one version of a service by the next. */
export interface RolloutPeer {
  readonly name: string;
  /** Its version, or why it can't be measured here. */
  prepare(): Promise<{ version: string } | { missing: string }>;
  /** Brings out the first version; resolves when it answers. */
  start(site: Site): Promise<void>;
  /** Replaces what runs; resolves when the tool says that it is done. */
  deploy(site: Site, version: Version): Promise<void>;
  /** Takes everything away. Safe to repeat, also after a failure. */
  stop(site: Site): Promise<void>;
}
