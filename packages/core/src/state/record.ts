import { type Address, nameOf } from '../address.ts';
import type { ServiceSpec } from '../config/project.ts';
import { type JsonObject, sha256 } from '../json.ts';
import type { TrafficRoute } from '../provider/contract.ts';

/** Keyed hashes (HMAC-SHA-256, hex) of the secrets that a record's values name, by secret name. */
export type SecretHashes = Record<string, string>;

/** What is recorded of one resource that exists. Plain JSON; secrets appear only as `${secret:NAME}`. */
export interface ResourceRecord {
  kind: 'resource';
  address: Address;
  type: string;
  /** The provider's own name for the thing. */
  id: string;
  /** As applied: references to other nodes resolved, secrets left as `${secret:NAME}`. */
  properties: JsonObject;
  /** The properties with their references to other nodes, where there are any: for when those are made anew. */
  declared?: JsonObject;
  outputs: JsonObject;
  secrets: SecretHashes;
  dependsOn: Address[];
  tags: Record<string, string>;
  /** Refuses deletion; remembered here so that the guard outlives the block that declared it. */
  protect: boolean;
  replace: ReplaceOrder;
  /** The idempotency token that it was created with. */
  token: string;
  /** Set when a creation or update broke half-way: the next plan replaces or updates it, destroy removes it. */
  incomplete?: { action: 'create' | 'update'; reason: string };
}

export type ReplaceOrder = 'create-before-delete' | 'delete-before-create';

/** A version that was built once and never changes. */
export interface Release {
  /** The label people use: `--ship`, else the git commit (`-dirty` when the tree was). */
  version: string;
  /** Digest of what decides the release: source tree, build, run-time configuration, contracts of dependencies. */
  fingerprint: string;
  /** SHA-256 of the artifact's content. */
  artifact: string;
  /** What the fingerprint is made of, each as a digest: `source`, `build`, `config`, `contract:NAME`. For reasons. */
  parts: Record<string, string>;
}

/** A release running (or ready to run) on an environment. */
export interface RevisionRecord {
  /** Deterministic: the same release on the same environment has the same revision id. */
  id: string;
  release: Release;
  /** References in `env` are resolved. */
  spec: ServiceSpec;
  /** `env` with its references to other nodes, where there are any: for when those are made anew. */
  declared?: Record<string, string>;
  secrets: SecretHashes;
  /** Numbers of its instances. Absent: 0 alone. */
  slots?: number[];
  /**
   * `staged` is on its way in, with no traffic or part of it; `active` is what users are meant to reach; `standby` ran
   * before and is kept for an instant way back; `baseline` is a fresh copy of the active one, to compare a canary with.
   */
  role: 'staged' | 'active' | 'standby' | 'baseline';
  /**
   * Kept, but it was left for an older one, or nobody knows whether it ever had users: its next rollout goes all of its
   * steps.
   */
  unproven?: true;
}

/** What is recorded of one service that was deployed. */
export interface ServiceRecord {
  kind: 'service';
  address: Address;
  platform: string;
  revisions: Record<string, RevisionRecord>;
  /** Share of traffic per revision id, in per cent; sums to 100, or is empty before the first switch. */
  weights: Record<string, number>;
  /** What goes to a revision whatever the weights. Absent: nothing. */
  routes?: TrafficRoute[];
  /** The router before it. Absent: the platform's own. */
  router?: string;
  outputs: JsonObject;
  dependsOn: Address[];
  tags: Record<string, string>;
  protect: boolean;
}

/** Where a replaced resource is recorded until it is deleted: beside its successor, never lost by a kill. */
export function predecessorAddress(record: ResourceRecord): Address {
  return `resource:${nameOf(record.address)}~${sha256(record.token).slice(0, 8)}`;
}

/** The name of the node that a record stands for, also once a successor has taken its address. */
export function nodeName({ address }: Pick<ResourceRecord, 'address'>): string {
  return nameOf(address).split('~', 1)[0]!;
}

export type StateRecord = ResourceRecord | ServiceRecord;
export type State = ReadonlyMap<Address, StateRecord>;

/** One change of the recorded world; applied in the same transaction as the event that carries it. */
export type StateChange = { put: StateRecord } | { remove: Address };

/** Numbers of the instances that a revision has. */
export function slotsOf(revision: Pick<RevisionRecord, 'slots'>): number[] {
  return revision.slots ?? [0];
}

/** The revision that has the traffic, or undefined before the first switch. */
export function activeRevision(record: ServiceRecord): RevisionRecord | undefined {
  return Object.values(record.revisions).find((revision) => revision.role === 'active');
}

/** The revisions that have the traffic, by service; of these addresses, or of all that is recorded. */
export function activeRevisions(
  state: State,
  addresses: Iterable<Address> = state.keys(),
): Map<Address, RevisionRecord> {
  const found = new Map<Address, RevisionRecord>();
  for (const address of addresses) {
    const record = state.get(address);
    const active = record?.kind === 'service' ? activeRevision(record) : undefined;
    if (active) found.set(address, active);
  }
  return found;
}
