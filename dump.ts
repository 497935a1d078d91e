import { SUPERVISOR_SCRIPT, RUN_SCRIPT } from './packages/provider-ssh/src/remote/supervisor-script.ts';
import { writeFileSync } from 'node:fs';
writeFileSync('/tmp/w/sup.sh', SUPERVISOR_SCRIPT); writeFileSync('/tmp/w/run.sh', RUN_SCRIPT);
