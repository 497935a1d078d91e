/** What every error of Slipway carries besides its message. */
export interface SlipwayErrorOptions {
  /** What it happened to: an address, a step id, a file, an environment. */
  subject?: string;
  /** What a person can do now, as a sentence. */
  hint?: string;
  /** True when the same call may well succeed later. Default false. */
  retryable?: boolean;
  /** Facts for machines, free of secrets. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/**
 * The one base of errors that Slipway throws. `code` is stable and what scripts match on;
 * the message says what happened and to what.
 */
export class SlipwayError extends Error {
  readonly code: string;
  readonly subject: string | undefined;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: SlipwayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SlipwayError';
    this.code = code;
    this.subject = options.subject;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** An error as it is written down: in the journal, in `--json`, in logs. */
export interface ErrorRecord {
  code: string;
  message: string;
  subject?: string;
  hint?: string;
}

/** Turns anything that was thrown into what is written down. Foreign errors get the code `unexpected`. */
export function describeError(error: unknown): ErrorRecord {
  if (error instanceof SlipwayError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.subject === undefined ? {} : { subject: error.subject }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return {
    code: typeof code === 'string' ? code : 'unexpected',
    message: error instanceof Error ? error.message : String(error),
  };
}
