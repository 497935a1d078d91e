/** Slipway for programs: the interface that the command line itself uses. */
export * from '@slipway/core';
export { defaultRegistry } from './providers.ts';
