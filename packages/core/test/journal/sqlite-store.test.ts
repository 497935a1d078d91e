import { storeConformance } from '@slipway/provider-testkit';
import { makeSqlitePlace } from './places.ts';

storeConformance('the SQLite store', makeSqlitePlace);
