/** What config files import: light, so that reading a config loads no engine. The engine is at `slipway/api`. */

export type { EnvironmentInput, ProjectInput } from '@slipway/core/config';
export { defineProject } from '@slipway/core/config';
