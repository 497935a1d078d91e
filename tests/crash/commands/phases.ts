import { seeded } from '../../random.ts';
import { breakThings, changeThings, drawThings, type Thing } from './things.ts';

/** Where a run begins: nothing, the project made once, or made and changed once. */
export type Beginning = 'nothing' | 'made' | 'changed';

/** One operation on a generated project, and what must be true when it is over. */
export interface Phase {
  name: string;
  from: Beginning;
  /** What the config declares while it runs. */
  declared: readonly Thing[];
  args: readonly string[];
  /** What exists and is recorded afterwards. */
  after: readonly Thing[];
  ends: 'completed' | 'rolled_back';
  /** The exit code of a command that brings it to its end. */
  code: number;
  /** Whether typing the same again is another way to go on. */
  repeatable: boolean;
}

const COUNT = 200;
const deploy = ['deploy', '-y'];
const deployOrBack = [...deploy, '--on-failure', 'rollback'];

export function phasesOf(seed: number): Phase[] {
  const random = seeded(seed);
  const made = drawThings(random, COUNT);
  const changed = changeThings(random, made);
  const broken = breakThings(random, changed);
  const brokenFirst = breakThings(random, made);
  const completes = { ends: 'completed', code: 0 } as const;
  const goesBack = { ends: 'rolled_back', code: 3, repeatable: false } as const;
  return [
    { name: 'create', from: 'nothing', declared: made, args: deploy, after: made, ...completes, repeatable: true },
    { name: 'change', from: 'made', declared: changed, args: deploy, after: changed, ...completes, repeatable: true },
    { name: 'fail', from: 'made', declared: broken, args: deployOrBack, after: made, ...goesBack },
    {
      name: 'destroy',
      from: 'made',
      declared: made,
      args: ['destroy', '-y'],
      after: [],
      ...completes,
      repeatable: true,
    },
    { name: 'fail-first', from: 'nothing', declared: brokenFirst, args: deployOrBack, after: [], ...goesBack },
    {
      name: 'one-by-one',
      from: 'made',
      declared: changed,
      args: [...deploy, '--sequential'],
      after: changed,
      ...completes,
      repeatable: true,
    },
    {
      name: 'go-back',
      from: 'changed',
      declared: changed,
      args: ['rollback', '-y'],
      after: made,
      ...completes,
      repeatable: false,
    },
  ];
}
