import type { Reason } from '../plan/change.ts';
import { differencesFor } from '../plan/difference.ts';
import { changedSecrets } from '../plan/secret-names.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ResourceRecord } from '../state/record.ts';

/** What of the thing itself, not of its record alone, is not as it was. */
export function contentReasons(record: ResourceRecord, before: ResourceRecord, registry: ProviderRegistry): Reason[] {
  const type = registry.requireResourceType(record.type, record.address);
  const reasons: Reason[] = differencesFor(type, before.properties, record.properties).map((one) => ({
    ...one,
    path: `properties.${one.path}`,
  }));
  for (const name of changedSecrets(before.secrets, record.secrets))
    reasons.push({ path: `secrets.${name}`, before: '(secret)', after: '(secret changed)', replaces: false });
  const { incomplete } = before;
  if (incomplete) reasons.push({ path: 'incomplete', before: incomplete.reason, after: null, replaces: false });
  return reasons;
}
