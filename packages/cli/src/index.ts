/** What config files import: light, so that reading a config loads no engine. The engine is at `slipway/api`. */
export { defineProject } from '@slipway/core/config';
