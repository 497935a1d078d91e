/** What a provider may import of the core, and all that it needs. */

export { parseDuration } from '../config/duration.ts';
export type { Affinity, HealthCheck, ServiceSpec, Volume } from '../config/project.ts';
export { describeError, type ErrorRecord, SlipwayError } from '../errors.ts';
export { readKey } from '../journal/key.ts';
export { isAlive, type Liveness, livenessOf, processStart } from '../journal/process-identity.ts';
export { variantsOf } from '../journal/secret-variants.ts';
export { canonicalJson, digestOf, equalJson, isObject, type JsonObject, type JsonValue, sha256 } from '../json.ts';
export { checkAddress } from './check-address.ts';
export type * from './contract.ts';
export { findListener, type Listener } from './find-listener.ts';
export { endProcessesMarked, letProcessesEnd, processesMarked } from './leftovers.ts';
export { processEnviron } from './process-environ.ts';
export { baseEnvironment, type Command, type CommandResult, runCommand, STOP_GRACE_MS } from './run-command.ts';
