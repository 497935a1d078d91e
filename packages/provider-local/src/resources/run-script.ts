import { resolve } from 'node:path';
import {
  baseEnvironment,
  type CallContext,
  type CommandResult,
  type JsonObject,
  type Recorded,
  runCommand,
  SlipwayError,
} from '@slipway/core/provider';
import type { CommandProperties } from './command-properties.ts';

/** EX_TEMPFAIL of sysexits.h: the command asks to be tried again. */
const TRY_AGAIN = 75;
/** What one command may add to the log, in characters. */
const LOG_LIMIT = 1024 * 1024;

export type ScriptName = 'create' | 'read' | 'find' | 'update' | 'delete';

export interface ScriptCall {
  script: ScriptName;
  /** What it is run for: a `find` may settle a `delete`. */
  action: ScriptName;
  properties: CommandProperties;
  token: string;
  name: string;
  recorded?: Pick<Recorded, 'id' | 'outputs'> | undefined;
}

export interface ScriptResult extends CommandResult {
  /** Of the whole standard output, else of its last line that is one; undefined when there is none. */
  json: JsonObject | undefined;
}

/** Runs one of the declared scripts with what it may know; any exit code is a result. */
export async function runScript(context: CallContext, call: ScriptCall): Promise<ScriptResult> {
  const { properties } = call;
  let logged = 0;
  let lastObject: JsonObject | undefined;
  const result = await runCommand({
    script: properties[call.script] ?? '',
    interpreter: properties.interpreter,
    cwd: resolve(context.directory, properties.cwd),
    env: { ...baseEnvironment(), ...properties.env, ...facts(context, call) },
    signal: context.signal,
    onLine(line, stream) {
      if (stream === 'stdout') lastObject = parseObject(line) ?? lastObject;
      if (logged > LOG_LIMIT) return;
      logged += line.length;
      context.log(logged > LOG_LIMIT ? '(more output is not kept)' : line);
    },
  });
  return { ...result, json: parseObject(result.stdout) ?? lastObject };
}

/** A command that said by its exit code that it failed. */
export function scriptFailed(
  call: ScriptCall,
  { exitCode, endedBy, tail }: CommandResult,
  hint?: string,
): SlipwayError {
  const how = exitCode === null ? `was ended by ${endedBy}` : `ended with exit code ${exitCode}`;
  const last = tail.slice(-15).join('\n');
  const subject = call.name;
  return new SlipwayError('command-failed', `The ${call.script} command of ${subject} ${how}.${last && `\n${last}`}`, {
    subject,
    hint: hint ?? `Mend the ${call.script} command or what it works on, then deploy again.`,
    retryable: exitCode === TRY_AGAIN,
    // What was killed has not answered: nobody knows how far it came.
    details: { exitCode, ...(exitCode === null ? {} : { answered: true }) },
  });
}

function facts(context: CallContext, { action, token, name, recorded }: ScriptCall): Record<string, string> {
  return {
    SLIPWAY_TOKEN: token,
    SLIPWAY_ACTION: action,
    SLIPWAY_NAME: name,
    SLIPWAY_ENVIRONMENT: context.environment,
    ...(recorded ? { SLIPWAY_ID: recorded.id, SLIPWAY_OUTPUTS: JSON.stringify(recorded.outputs) } : {}),
  };
}

function parseObject(text: string): JsonObject | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) return undefined;
  try {
    return JSON.parse(trimmed) as JsonObject;
  } catch {
    return undefined;
  }
}
