import type { ZodType } from 'zod';
import type { JsonObject } from '../json.ts';
import type { CallContext } from './contract.ts';

/** One question to a source of measurements. */
export interface MetricQuery {
  /**
   * In the words of the source. Filled in already: `{{service}}`, `{{revision}}`, `{{url}}` (of the revision's first
   * instance), `{{window}}` (as `30s`), and `{{from}}`, `{{to}}` and `{{since}}` (seconds since 1970).
   */
  query: string;
  service: string;
  revision: string;
  /** The window that is asked about, in ms since 1970. */
  from: number;
  to: number;
  /** Within the window: what came up to then was asked about by the measurement before, or came before all of them. */
  since: number;
}

/** What a source answered. A source that can't be asked throws; that is told apart from having no data. */
export interface MetricReading {
  /** Null or not finite: the source has no data for this window. */
  value: number | null;
  /**
   * What the value may yet come to, above it, because part of what it is about isn't over; infinite where nobody knows.
   * Only what is so by both is judged. Default: the value is what it is.
   */
  atMost?: number;
  /** How many observations (requests) it rests on, where the source knows. */
  samples?: number;
  /**
   * For a statistical comparison, where the source has them: the single values after `since`, which may be none. One that is
   * told by two measurements counts twice, and feigns certainty. Default: `value` is compared.
   */
  series?: number[];
  /** For people, where there is something to say: why there is no data. */
  note?: string;
}

/** Answers queries about how a revision does: Prometheus, an HTTP endpoint, a command. */
export interface MetricSource {
  /** What `use` in the config names. */
  name: string;
  /** Strict schema of its options besides `use`; its descriptions make the reference page. */
  schema: ZodType;
  /** `options`: validated, secrets in clear. Bounded by the context's signal. Looks, and changes nothing. */
  read(context: CallContext, options: JsonObject, query: MetricQuery): Promise<MetricReading>;
}
