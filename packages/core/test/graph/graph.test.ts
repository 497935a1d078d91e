import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../../src/errors.ts';
import { Graph } from '../../src/graph/graph.ts';
import { anyDag, type Dag } from './dag.ts';

function graphOf(dag: Dag): Graph<string> {
  const graph = new Graph<string>();
  for (const id of dag.ids) graph.add(id, `value of ${id}`);
  for (const [id, needs] of dag.needs) for (const need of needs) graph.addDependency(id, need);
  return graph;
}

function depthOf(dag: Dag, id: string): number {
  return 1 + Math.max(0, ...dag.needs.get(id)!.map((need) => depthOf(dag, need)));
}

function closureOf(next: (id: string) => string[], id: string): Set<string> {
  const found = new Set<string>();
  const visit = (at: string) => {
    for (const to of next(at)) {
      if (found.has(to)) continue;
      found.add(to);
      visit(to);
    }
  };
  visit(id);
  return found;
}

describe('Graph', () => {
  it('orders any DAG with needs first, and destroys it the other way round', () => {
    fc.assert(
      fc.property(anyDag(), (dag) => {
        const graph = graphOf(dag);
        const order = graph.topologicalOrder();
        expect([...order].sort()).toEqual([...dag.ids].sort());
        for (const [id, needs] of dag.needs) {
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(id));
        }
        expect(graph.destructionOrder()).toEqual([...order].reverse());
        expect(graph.findCycle()).toBeUndefined();
      }),
    );
  });

  it('gives each node the wave of its longest path', () => {
    fc.assert(
      fc.property(anyDag(), (dag) => {
        const waves = graphOf(dag).waves();
        for (const id of dag.ids) expect(waves.get(id)).toBe(depthOf(dag, id));
      }),
    );
  });

  it('keeps insertion order among equals', () => {
    const graph = new Graph<null>();
    for (const id of ['c', 'a', 'd', 'b']) graph.add(id, null);
    graph.addDependency('a', 'b');
    expect(graph.topologicalOrder()).toEqual(['c', 'd', 'b', 'a']);
  });

  it('walks dependencies and dependents, direct and transitive', () => {
    fc.assert(
      fc.property(anyDag(), (dag) => {
        const graph = graphOf(dag);
        const needs = (id: string) => dag.needs.get(id)!;
        const dependents = (id: string) => dag.ids.filter((other) => needs(other).includes(id));
        for (const id of dag.ids) {
          expect(graph.dependenciesOf(id)).toEqual(needs(id));
          expect(new Set(graph.dependentsOf(id))).toEqual(new Set(dependents(id)));
          expect(new Set(graph.transitiveDependencies(id))).toEqual(closureOf(needs, id));
          expect(new Set(graph.transitiveDependents(id))).toEqual(closureOf(dependents, id));
        }
      }),
    );
  });

  it('reports a real cycle for every graph that has one, first node repeated', () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const graph = new Graph<null>();
        for (let i = 0; i < 10; i++) graph.add(`${i}`, null);
        for (const [from, to] of pairs) graph.addDependency(`${from}`, `${to}`);
        const cyclic = graph.ids().some((id) => graph.transitiveDependencies(id).includes(id));
        const path = graph.findCycle();
        expect(path !== undefined).toBe(cyclic);
        if (!path) return;
        expect(path.at(-1)).toBe(path[0]);
        expect(new Set(path).size).toBe(path.length - 1);
        for (let i = 0; i + 1 < path.length; i++) expect(graph.dependenciesOf(path[i]!)).toContain(path[i + 1]);
        expect(() => graph.topologicalOrder()).toThrow(expect.objectContaining({ code: 'cycle' }));
      }),
    );
  });

  it('names the path in the error of a cycle', () => {
    const graph = new Graph<null>().add('a', null).add('b', null).add('c', null);
    graph.addDependency('a', 'b').addDependency('b', 'c').addDependency('c', 'a');
    try {
      graph.waves();
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SlipwayError);
      expect(error).toMatchObject({ subject: 'a', message: expect.stringContaining('a -> b -> c -> a') });
    }
  });

  it('behaves like a set of edges under any additions and removals', () => {
    const change = fc.tuple(fc.constantFrom('depend', 'undepend', 'remove', 'add'), fc.nat(5), fc.nat(5));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400, size: 'max' }), (changes) => {
        const graph = new Graph<number>();
        const model = new Map<string, Set<string>>();
        for (const [what, x, y] of changes) {
          const [a, b] = [`${x}`, `${y}`];
          if (what === 'add' && !model.has(a)) {
            graph.add(a, x);
            model.set(a, new Set());
          } else if (what === 'remove') {
            graph.remove(a);
            model.delete(a);
            for (const needs of model.values()) needs.delete(a);
          } else if (model.has(a) && model.has(b)) {
            if (what === 'depend') {
              graph.addDependency(a, b);
              model.get(a)!.add(b);
            } else if (what === 'undepend') {
              graph.removeDependency(a, b);
              model.get(a)!.delete(b);
            }
          }
        }
        expect(graph.size).toBe(model.size);
        expect(graph.ids()).toEqual([...model.keys()]);
        for (const [id, needs] of model) {
          expect(graph.get(id)).toBe(Number(id));
          expect(new Set(graph.dependenciesOf(id))).toEqual(needs);
          expect(new Set(graph.dependentsOf(id))).toEqual(
            new Set([...model].filter(([, other]) => other.has(id)).map(([other]) => other)),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses what it does not know, and a second node under the same id', () => {
    const graph = new Graph<null>().add('a', null);
    expect(() => graph.add('a', null)).toThrow(expect.objectContaining({ code: 'node-exists', subject: 'a' }));
    expect(() => graph.addDependency('a', 'b')).toThrow(
      expect.objectContaining({ code: 'node-unknown', subject: 'b' }),
    );
    expect(() => graph.dependenciesOf('b')).toThrow(expect.objectContaining({ code: 'node-unknown' }));
  });

  it('follows a chain of 100,000 without recursion, and a hub of as many', () => {
    const graph = new Graph<null>().add('hub', null);
    for (let i = 0; i < 100_000; i++) {
      graph.add(`${i}`, null);
      graph.addDependency(`${i}`, i === 0 ? 'hub' : `${i - 1}`);
      graph.addDependency(`${i}`, 'hub');
    }
    expect(graph.waves().get('99999')).toBe(100_001);
    expect(graph.findCycle()).toBeUndefined();
    expect(graph.transitiveDependents('hub')).toHaveLength(100_000);
    expect(graph.transitiveDependencies('99999')).toHaveLength(100_000);
    graph.addDependency('hub', '99999');
    expect(graph.findCycle()).toHaveLength(100_002);
    for (let i = 0; i < 100_000; i++) graph.remove(`${i}`);
    expect(graph.dependentsOf('hub')).toEqual([]);
  });
});
