/** A service as an initial config declares it. Keys in the order in which they are written. */
export interface ServiceDraft {
  path: string;
  build?: string;
  run?: string;
  static?: string;
  port: number;
  dependsOn?: string[];
  shared?: string[];
  tests?: Record<string, string>;
}

/** What a look at a folder found. */
export interface Finding {
  /** Of the project. */
  name: string;
  services: Record<string, ServiceDraft>;
  /** What a person should know: where things came from, what couldn't be taken over. */
  notes: string[];
}

/** A name as the config takes it: the part after a scope, other characters replaced. */
export function configName(name: string, fallback: string): string {
  const bare = name.slice(name.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9_-]+/g, '-');
  return bare.replace(/^[^A-Za-z0-9]+/, '').slice(0, 100) || fallback;
}

const FIRST_PORT = 3000;

/** The wanted port, else the next one that no other service has. */
export function freePort(services: Readonly<Record<string, ServiceDraft>>, wanted = FIRST_PORT): number {
  const taken = new Set(Object.values(services).map(({ port }) => port));
  let port = wanted;
  while (taken.has(port)) port += 1;
  return port;
}
