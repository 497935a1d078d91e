import {
  type CallContext,
  type RevisionRequest,
  SlipwayError,
  type StagedRevision,
  variantsOf,
} from '@slipway/core/provider';
import { callHost, filesAsInput, SUPERVISOR_FILE } from '../connection/call-host.ts';
import { type Fleet, fleetOf, type Host } from '../options.ts';
import { RUN_SCRIPT } from '../remote/supervisor-script.ts';
import { exportsOf } from '../shell.ts';
import { eachHost } from './each-host.ts';
import { endpointHost } from './endpoints.ts';
import { decidedNow, rememberOwed, settleOwed } from './owed.ts';
import { publish } from './publish.ts';

/**
 * Makes exactly the wanted instances run, each on the host with its number; the revision's others are removed. Those to
 * be left run on with other values too.
 */
export async function stage(context: CallContext, request: RevisionRequest): Promise<StagedRevision> {
  const fleet = fleetOf(context);
  const { service, revision, slots, spec, leaveRunning = false } = request;
  requireRunnable(request, fleet);
  const decidedAt = decidedNow(context);
  const input = `${filesAsInput(releaseFiles(context, request))}end\n`;
  const { reached, leftOut } = await eachHost(context, { fleet, hosts: fleet.hosts }, async (host) => {
    if (!slots.includes(host.slot)) {
      const which = [context.epoch, service, revision, fleet.keepReleases];
      const { stdout } = await callHost(context, { fleet, host }, 'remove', which);
      return { said: stdout, port: undefined, listensOn: '' };
    }
    const words = [
      ...[context.epoch, service, revision, request.artifact.digest, Math.ceil(spec.stopGraceMs / 100)],
      ...[...fleet.portRange, fleet.supervisor, SUPERVISOR_FILE, host.bindTo],
      ...[leaveRunning ? 'leave' : 'renew', decidedAt, ...fleet.shared],
    ];
    const said = await start(context, { fleet, host }, words, input, request);
    const port = /^port (\d+)$/m.exec(said)?.[1];
    const listensOn = /^listens (.+)$/m.exec(said)?.[1] ?? '';
    context.log(`${service} ${revision} runs on ${host.name}, port ${port}`);
    return { said, port, listensOn };
  });
  const answers = reached.map(({ host, value: { said } }) => ({ host, said }));
  await settleOwed(context, { fleet, service, reached: answers });
  const owed = leftOut.map(({ host }) => {
    const what = slots.includes(host.slot) ? ('keep' as const) : ('remove' as const);
    return { host: host.name, revision, what, decidedAt };
  });
  await rememberOwed(context, { fleet, service, reached: reached.map(({ host }) => host) }, owed);
  const first = reached.find(({ value }) => value.port !== undefined);
  if (!first) return { preview: '' };
  return { preview: `http://${endpointHost(first.host, first.value.listensOn)}:${first.value.port}` };
}

/** A host that was away when the artifact was published, or lost it, is given it now. */
async function start(
  context: CallContext,
  on: { fleet: Fleet; host: Host },
  words: readonly (string | number)[],
  input: string,
  request: RevisionRequest,
): Promise<string> {
  const once = async () => (await callHost(context, on, 'stage', words, input)).stdout;
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'artifact-missing') throw error;
    const { fleet, host } = on;
    await publish(context, request, { ...fleet, hosts: [host], quorum: undefined });
    return await once();
  }
}

function requireRunnable({ service, spec, slots }: RevisionRequest, fleet: Fleet): void {
  const options = { subject: `service:${service}`, details: { effect: 'none' } } as const;
  if (spec.run === undefined) {
    throw new SlipwayError('service-not-runnable', `${service} must have a command to run.`, {
      ...options,
      hint: 'Give it `run`: hosts serve no static sites and run no images.',
    });
  }
  const beyond = slots.find((slot) => slot >= fleet.hosts.length);
  if (beyond === undefined) return;
  const have = fleet.hosts.length === 1 ? 'is one host' : `are ${fleet.hosts.length} hosts`;
  throw new SlipwayError('too-few-hosts', `${service} is to have instance ${beyond}, and there ${have}.`, {
    ...options,
    hint: 'Each host runs one instance: lower `instances`, or add hosts (numbers count from 0).',
  });
}

/** What lies in the release's folder, beside the artifact's files. */
function releaseFiles(context: CallContext, request: RevisionRequest): Record<string, string> {
  const { service, revision, spec, env, secrets = [], record } = request;
  const identity = {
    SLIPWAY_ENVIRONMENT: context.environment,
    SLIPWAY_SERVICE: service,
    SLIPWAY_REVISION: revision,
    SLIPWAY_PATH: spec.path,
  };
  return {
    '.slipway.json': `${JSON.stringify({ service, revision, artifact: request.artifact.digest, record })}\n`,
    environment: exportsOf({ ...env, ...identity }),
    mask: maskFor(secrets),
    command: `${spec.run}\n`,
    run: RUN_SCRIPT,
  };
}

/** A sed script that makes secrets unreadable, in every form in which programs usually print them, longest first. */
function maskFor(secrets: readonly string[]): string {
  const forms = new Set(secrets.flatMap((secret) => [...variantsOf(secret)]));
  return [...forms]
    .filter((form) => form !== '' && !/[\n\r\0]/.test(form))
    .sort((a, b) => b.length - a.length)
    .map((form) => `s/${form.replace(/[\\/.*[\]^$]/g, '\\$&')}/***/g\n`)
    .join('');
}
