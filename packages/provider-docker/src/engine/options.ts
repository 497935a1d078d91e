import { type JsonObject, SlipwayError } from '@slipway/core/provider';
import { z } from 'zod';

/** What an engine takes as the name of a network, and what is safe in the name of a container. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

const tlsSchema = z.strictObject({
  ca: z.string().min(1).describe("File with the certificate of the authority that signed the engine's."),
  cert: z.string().min(1).describe('File with the certificate that this side shows.'),
  key: z.string().min(1).describe('File with its private key.'),
});

const registrySchema = z.strictObject({
  prefix: z
    .string()
    .regex(
      /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/,
      'must be a host and a path in lower case without a scheme, like registry.example.com/shop',
    )
    .describe('Where images are pushed, without a scheme: `registry.example.com/shop`. The service is appended.'),
  username: z.string().min(1).optional().describe('Who logs in. Default: nobody does.'),
  password: z.string().min(1).optional().describe('A password or token; best a `${secret:}`.'),
});

/** The options of `platform: docker` in the config, besides `use`. */
export const dockerSchema = z.strictObject({
  host: z
    .string()
    .regex(/^(unix:\/\/\/.+|tcp:\/\/[^/]+:\d+)$/, 'must be unix:///path/of.sock or tcp://host:port')
    .optional()
    .describe("The engine: `unix:///…` or `tcp://host:port`. Default: DOCKER_HOST, else Docker's own socket."),
  tls: tlsSchema
    .optional()
    .describe(
      "For `tcp://`: files, relative to the project. Default: those in DOCKER_CERT_PATH for DOCKER_HOST's engine.",
    ),
  registry: registrySchema.optional().describe('Where built images are pushed, and pulled from when they are missing.'),
  project: z
    .string()
    .regex(NAME, 'must begin with a letter or digit, then letters, digits, _ . -')
    .optional()
    .describe(
      "This project's name on the engine, for two copies of a project on one engine. Default: the project's name.",
    ),
  network: z
    .string()
    .regex(NAME, 'must begin with a letter or digit, then letters, digits, _ . -')
    .optional()
    .describe(
      'The network that containers join; made when it is missing. Default: one of its own for the environment.',
    ),
  reach: z
    .enum(['network', 'published'])
    .optional()
    .describe(
      'How the router reaches a container: at its address on the network, or at a port published on its machine. ' +
        'Default: `network` for an engine of this Linux machine, else `published`.',
    ),
  publish: z
    .ipv4('must be an IPv4 address')
    .refine((address) => address !== '0.0.0.0', 'must be one address, at which the router reaches the machine')
    .optional()
    .describe(
      "The address of the engine's machine at which ports are published, and where the router reaches them. " +
        'Default: 127.0.0.1; an engine on another machine needs one.',
    ),
});

/** Validated options. */
export type DockerOptions = z.infer<typeof dockerSchema>;

/** Checks what the config says. Throws `platform-options-invalid` naming each option that is wrong. */
export function readOptions({ use: _, ...given }: JsonObject): DockerOptions {
  const result = dockerSchema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const where = path.join('.');
    return where === '' ? message : `${where}: ${message}`;
  });
  throw new SlipwayError(
    'platform-options-invalid',
    `The options of platform docker are wrong: ${problems.join('; ')}.`,
    {
      subject: 'platform:docker',
      hint: 'Mend them under the environment’s `platform`; the package’s README lists all of them.',
      details: { effect: 'none' },
    },
  );
}
