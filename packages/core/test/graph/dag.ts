import fc from 'fast-check';

/** A random DAG as needs by id, ids in shuffled insertion order. */
export interface Dag {
  ids: string[];
  needs: Map<string, string[]>;
}

/** Any DAG of up to `max` nodes: edges only point to nodes earlier in a hidden order. */
export function anyDag(max = 24): fc.Arbitrary<Dag> {
  return fc
    .array(fc.array(fc.nat(1_000), { maxLength: 4 }), { minLength: 1, maxLength: max })
    .chain((picks) => fc.tuple(fc.constant(picks), fc.shuffledSubarray([...picks.keys()], { minLength: picks.length })))
    .map(([picks, insertion]) => {
      const needs = new Map<string, string[]>();
      for (const [node, choice] of picks.entries()) {
        needs.set(`n${node}`, node === 0 ? [] : [...new Set(choice.map((pick) => `n${pick % node}`))]);
      }
      return { ids: insertion.map((node) => `n${node}`), needs };
    });
}
