import { storeConformance } from '@slipway/provider-testkit/store-conformance';
import { makeSqlitePlace } from './places.ts';

storeConformance('the SQLite store', makeSqlitePlace);
