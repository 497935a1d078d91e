import { resolve } from 'node:path';
import { type CallContext, SlipwayError } from '@slipway/core/provider';
import { z } from 'zod';

const proxyName = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]+$/, 'A backend of HAProxy is named with letters, digits and _ . : -');

const address = z
  .string()
  .regex(/^[A-Za-z0-9_.:%*-]+$|\$\{/, 'must be an address, without a port: 127.0.0.1, 172.17.0.1, ::1, or * for all');

/** What `router: { use: haproxy, … }` may say. */
export const haproxyOptions = z.strictObject({
  use: z.literal('haproxy').default('haproxy'),
  /** Where services are listened for. */
  bind: z
    .union([address, z.array(address).min(1)])
    .default('127.0.0.1')
    .describe('Address on which services are listened for, or a list of addresses. Default 127.0.0.1'),
  command: z
    .string()
    .min(1)
    .default('haproxy')
    .describe('The program to run, by name or by its path from the project. Default: haproxy, found by PATH'),
  socket: z
    .string()
    .startsWith('/', 'The socket is named by an absolute path.')
    .optional()
    .describe('Attach to a running HAProxy by its runtime API (a stats socket of level admin) instead of running one'),
  backends: z
    .record(z.string(), proxyName)
    .default({})
    .describe('With socket: the backend of each service, by service. Default: as the service is called'),
});

export type HaproxyOptions = Omit<z.infer<typeof haproxyOptions>, 'bind'> & {
  /** Each address once; at least one. */
  bind: string[];
};

/** The environment's options, validated. Throws `router-options-invalid`. */
export function readOptions(context: CallContext): HaproxyOptions {
  const parsed = haproxyOptions.safeParse(context.router ?? {});
  if (parsed.success) return { ...parsed.data, bind: [...new Set([parsed.data.bind].flat())] };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'router'}: ${message}`);
  throw new SlipwayError(
    'router-options-invalid',
    `The options of the router haproxy are wrong. ${problems.join(' ')}`,
    {
      subject: `environments.${context.environment}.router`,
      hint: 'It takes bind and command, or socket and backends to attach to a running HAProxy.',
      details: { effect: 'none' },
    },
  );
}

/** Which backend of somebody else's HAProxy is a service's. */
export const backendOf = ({ options }: { options: Pick<HaproxyOptions, 'backends'> }, service: string) =>
  options.backends[service] ?? service;

/** One that is named by a path is so from the project's directory, wherever it is started. */
export function programOf({ directory }: CallContext, { command }: HaproxyOptions): string {
  return command.includes('/') ? resolve(directory, command) : command;
}
