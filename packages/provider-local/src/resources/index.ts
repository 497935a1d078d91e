import type { ResourceType } from '@slipway/core/provider';
import { localCommand } from './command.ts';
import { localFile } from './file.ts';

/** What this machine offers as resources. */
export const localResourceTypes: readonly ResourceType[] = [localFile, localCommand];
