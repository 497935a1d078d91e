import {
  type Applied,
  type CallContext,
  type FindQuery,
  type Found,
  type JsonObject,
  letProcessesEnd,
  type Recorded,
  type ResourceType,
  SlipwayError,
} from '@slipway/core/provider';
import {
  type CommandProperties,
  commandProperties,
  commandSchema,
  diffCommand,
  reachesTheThing,
} from './command-properties.ts';
import { runScript, type ScriptCall, type ScriptResult, scriptFailed } from './run-script.ts';

/**
 * `local:command`: whatever shell commands can make, change and remove.
 *
 * Every command gets `env`, SLIPWAY_NAME (the node's name), SLIPWAY_ENVIRONMENT, SLIPWAY_ACTION (`create`,
 * `read`, `update`, `delete`: what it is run for) and SLIPWAY_TOKEN (the idempotency token: to create and update
 * that of the call, to look at and delete what is recorded that of its creation; empty on import); of what is
 * recorded SLIPWAY_ID and SLIPWAY_OUTPUTS (JSON); of the caller's environment only PATH, HOME and their like.
 * Secrets go into `env`: in a command they would be visible to other users, and are refused.
 *
 * - Outputs: standard output as a JSON object, else its last line that is one, else nothing. An `id` in it
 *   becomes the id, else the token is. A `token` that `find` prints,
 *   or that is only SLIPWAY_TOKEN again, is left out.
 * - Any exit code but 0 is a failure; 75 (EX_TEMPFAIL) one that may pass.
 * - `read` and `find` exit 0 when the thing is there, and 1 without printing a word when it isn't. Anything
 *   else says that they couldn't look.
 * - A change of `create`, `env`, `cwd` or `interpreter` runs `update`, or replaces when there is none. A
 *   change of the other commands only changes the record.
 * - Without `delete`, deletion runs nothing and succeeds. With it, a thing that is gone must be a success.
 * - An abort ends the command's whole process group: SIGTERM, SIGKILL after 5 s.
 */
export const localCommand: ResourceType = {
  name: 'local:command',
  description: 'Whatever shell commands make, change and remove.',
  schema: commandSchema,
  diff: diffCommand,
  async read(context, recorded) {
    const properties = commandProperties(recorded.properties);
    const script = properties.read === undefined ? 'find' : 'read';
    const { name, token } = recorded;
    if (properties[script] === undefined) return cannotTell(properties, token, name);
    const call: ScriptCall = { script, action: 'read', properties, token, name, recorded };
    return observed(await lookWith(context, call), call);
  },
  find,
  async create(context, { token, name, properties }) {
    const call: ScriptCall = {
      script: 'create',
      action: 'create',
      properties: commandProperties(properties),
      token,
      name,
    };
    return applied(await succeed(context, call), call);
  },
  async update(context, { token, name, recorded, properties, changed }) {
    if (!reachesTheThing(changed)) return { id: recorded.id, outputs: recorded.outputs };
    const wanted = commandProperties(properties);
    if (wanted.update === undefined) throw noUpdate(name);
    const call: ScriptCall = { script: 'update', action: 'update', properties: wanted, token, name, recorded };
    return applied(await succeed(context, call), call);
  },
  async delete(context, recorded) {
    const properties = commandProperties(recorded.properties);
    if (properties.delete === undefined) return;
    const { name, token } = recorded;
    await succeed(context, { script: 'delete', action: 'delete', properties, token, name, recorded });
  },
  async import(context, id, properties, name) {
    const wanted = commandProperties(properties);
    const script = wanted.read === undefined ? 'find' : 'read';
    if (wanted[script] === undefined) throw noRead(id);
    const recorded = { id, outputs: {} };
    const call: ScriptCall = { script, action: 'read', properties: wanted, token: '', name, recorded };
    const result = await lookWith(context, call);
    return result ? { kind: 'present', properties, ...applied(result, call) } : { kind: 'absent' };
  },
  irreversible(action, properties) {
    if (action !== 'create' || properties.delete !== undefined) return undefined;
    return 'It has no delete command: what it makes stays.';
  },
};

/**
 * Settles what is in doubt.
 *
 * - `create`: `find` with the creation's token. What it finds is ours unless it prints another `token`.
 * - `update`: `find` with the update's token. It happened when the printed `token` is that one, and not when
 *   it is another or nothing was found; without a `token` nobody can tell. A change that runs no command is done.
 * - `delete`: `find`, else `read`, with the creation's token: `present` means not deleted yet. Without a
 *   `delete` command there was nothing to do, so it is done.
 */
async function find(context: CallContext, query: FindQuery): Promise<Found> {
  const { action, token, name, recorded } = query;
  // A killed run's command is ended by its leash; what it still does in those moments must be seen.
  await letProcessesEnd('SLIPWAY_TOKEN', action === 'delete' && recorded ? recorded.token : token);
  const properties = commandProperties(recorded && action === 'delete' ? recorded.properties : query.properties);
  if (action === 'delete' && recorded) return await findDeleted(context, properties, recorded);
  if (action === 'update' && recorded && query.changed && !reachesTheThing(query.changed)) {
    return { kind: 'present', id: recorded.id, outputs: recorded.outputs };
  }
  if (properties.find === undefined) return cannotTell(properties, token, name);
  const call: ScriptCall = { script: 'find', action, properties, token, name, recorded };
  const result = await lookWith(context, call);
  if (!result) return { kind: 'absent' };
  const printed = result.json?.token;
  if (printed !== undefined && printed !== token) return { kind: 'absent' };
  if (action === 'update' && printed === undefined) return cannotTell(properties, token, name, NO_TOKEN);
  if (!result.json) throw printedNothing(call);
  return { kind: 'present', ...applied(result, call) };
}

async function findDeleted(context: CallContext, properties: CommandProperties, recorded: Recorded): Promise<Found> {
  const { name, token } = recorded;
  if (properties.delete === undefined) return { kind: 'absent' };
  const script = properties.find === undefined ? 'read' : 'find';
  if (properties[script] === undefined) return cannotTell(properties, token, name);
  const call: ScriptCall = { script, action: 'delete', properties, token, name, recorded };
  return observed(await lookWith(context, call), call);
}

async function succeed(context: CallContext, call: ScriptCall): Promise<ScriptResult> {
  const result = await runScript(context, call);
  if (result.exitCode !== 0) throw scriptFailed(call, result);
  return result;
}

/** Undefined when the command says that the thing isn't there. */
async function lookWith(context: CallContext, call: ScriptCall): Promise<ScriptResult | undefined> {
  const result = await runScript(context, call);
  if (result.exitCode === 0) return result;
  if (result.exitCode === 1 && result.tail.every((line) => line.trim() === '')) return undefined;
  throw scriptFailed(call, result, `To say that the thing isn't there, ${call.script} must exit 1 and print nothing.`);
}

function observed(result: ScriptResult | undefined, call: ScriptCall): Found {
  return result ? { kind: 'present', ...applied(result, call) } : { kind: 'absent' };
}

/** What it printed; what it left unsaid is as recorded. */
function applied({ json }: ScriptResult, { script, token, recorded }: ScriptCall): Applied {
  const outputs: JsonObject = json ? { ...json } : (recorded?.outputs ?? {});
  if (script === 'find' || outputs.token === token) delete outputs.token;
  const { id } = outputs;
  const named = typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
  return { id: named ?? recorded?.id ?? token, outputs };
}

const NO_TOKEN = 'Its find command prints no "token", so it does not tell whether the change arrived.';

function cannotTell(properties: CommandProperties, token: string, name: string, why?: string): Found {
  const reason = why ?? 'It declares no command that looks.';
  const look = `${reason} Check by hand what this command did for ${name} with SLIPWAY_TOKEN=${token}: ${brief(properties.create)}`;
  return { kind: 'cannot-tell', look };
}

function brief(script: string): string {
  return script.length > 200 ? `${script.slice(0, 200)}…` : script;
}

function printedNothing({ name }: ScriptCall): SlipwayError {
  return new SlipwayError('command-output', `The find command of ${name} exited 0 without a JSON object.`, {
    subject: name,
    hint: 'When the thing is there, find must print the same JSON object that create prints.',
  });
}

function noUpdate(name: string): SlipwayError {
  return new SlipwayError('update-impossible', `${name} has no update command.`, {
    subject: name,
    hint: 'Declare one, or change the resource so that it is replaced.',
    details: { effect: 'none' },
  });
}

function noRead(id: string): SlipwayError {
  return new SlipwayError('import-impossible', `Nothing can look at ${id}: it declares neither read nor find.`, {
    subject: id,
    hint: 'Declare a read command that prints the outputs of what SLIPWAY_ID names.',
  });
}
