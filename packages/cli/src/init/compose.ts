import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parse } from 'yaml';

/** One service of a compose file, as far as it says how to run it here. */
export interface ComposeService {
  name: string;
  /** The folder that it is built from; undefined for one that is only an image. */
  context: string | undefined;
  dockerfile: string | undefined;
  image: string | undefined;
  /** The first published port. */
  port: number | undefined;
  command: string | undefined;
  dependsOn: string[];
}

const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** The services of the folder's compose file; undefined when there is none, or none that can be read. */
export function readCompose(folder: string): { file: string; services: ComposeService[] } | undefined {
  const file = NAMES.find((name) => existsSync(join(folder, name)));
  if (file === undefined) return undefined;
  try {
    const { services } = parse(readFileSync(join(folder, file), 'utf8')) as { services?: Record<string, unknown> };
    return { file, services: Object.entries(services ?? {}).map(([name, value]) => readService(name, value)) };
  } catch {
    return undefined;
  }
}

function readService(name: string, value: unknown): ComposeService {
  const service = (value ?? {}) as Record<string, unknown>;
  const build = service.build as string | { context?: string; dockerfile?: string } | undefined;
  const context = typeof build === 'string' ? build : build === undefined ? undefined : (build.context ?? '.');
  return {
    name,
    context: context === undefined ? undefined : posix.normalize(context).replace(/\/$/, '') || '.',
    dockerfile: typeof build === 'object' ? build.dockerfile : undefined,
    image: typeof service.image === 'string' ? service.image : undefined,
    port: firstPort(service.ports),
    command: Array.isArray(service.command) ? service.command.join(' ') : textOf(service.command),
    dependsOn: Array.isArray(service.depends_on)
      ? service.depends_on.map(String)
      : Object.keys(service.depends_on ?? {}),
  };
}

/** `"127.0.0.1:8080:80/tcp"`, `"8080:80"`, `80` or `{published: 8080}`: the port on this machine. */
function firstPort(ports: unknown): number | undefined {
  const first: unknown = Array.isArray(ports) ? ports[0] : undefined;
  const published = typeof first === 'object' && first !== null && 'published' in first ? first.published : first;
  const text = typeof published === 'string' || typeof published === 'number' ? String(published) : '';
  const parts = text.replace(/\/\w+$/, '').split(':');
  const port = Number(parts.at(-2) ?? parts.at(-1));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
