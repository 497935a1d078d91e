import { coreProvider } from '@slipway/core';
import { openTestPlace } from '../src/index.ts';
import { resourceConformance } from '../src/resource-conformance.ts';

for (const type of coreProvider.resourceTypes) {
  resourceConformance(type.name, {
    type,
    properties: { input: { list: [1, 'two', null], nested: { deep: true } }, replaceWhen: 1 },
    changed: { input: 'text', replaceWhen: 1 },
    replaced: { input: { list: [1, 'two', null], nested: { deep: true } }, replaceWhen: 2 },
    open: openTestPlace,
  });
}
