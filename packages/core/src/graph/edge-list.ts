/**
 * Directed edges between numbered nodes, 16 bytes each: two linked lists per node (out and in) threaded
 * through growing integer arrays. An edge that was removed stays as a tombstone until the owner rebuilds.
 */
export class EdgeList {
  /** Edges ever added, tombstones included. */
  count = 0;
  /** Edges that were removed. */
  removed = 0;
  #from = new Int32Array(64);
  #to = new Int32Array(64);
  #nextOut = new Int32Array(64);
  #nextIn = new Int32Array(64);
  readonly #firstOut: number[] = [];
  readonly #lastOut: number[] = [];
  readonly #firstIn: number[] = [];
  readonly #lastIn: number[] = [];

  /** Makes room for the node with the next number. */
  addNode(): void {
    this.#firstOut.push(-1);
    this.#lastOut.push(-1);
    this.#firstIn.push(-1);
    this.#lastIn.push(-1);
  }

  add(from: number, to: number): void {
    const edge = this.count++;
    if (edge === this.#from.length) this.#grow();
    this.#from[edge] = from;
    this.#to[edge] = to;
    this.#nextOut[edge] = -1;
    this.#nextIn[edge] = -1;
    const lastOut = this.#lastOut[from]!;
    if (lastOut < 0) this.#firstOut[from] = edge;
    else this.#nextOut[lastOut] = edge;
    this.#lastOut[from] = edge;
    const lastIn = this.#lastIn[to]!;
    if (lastIn < 0) this.#firstIn[to] = edge;
    else this.#nextIn[lastIn] = edge;
    this.#lastIn[to] = edge;
  }

  /** Removes the edge, however often it was added. */
  remove(from: number, to: number): void {
    for (let edge = this.firstOut(from); edge >= 0; edge = this.nextOut(edge)) {
      if (this.#to[edge] === to) this.#bury(edge);
    }
  }

  /** Removes every edge that begins or ends at the node. */
  removeAllOf(node: number): void {
    for (let edge = this.firstOut(node); edge >= 0; edge = this.nextOut(edge)) this.#bury(edge);
    for (let edge = this.firstIn(node); edge >= 0; edge = this.nextIn(edge)) this.#bury(edge);
  }

  /** The node's first outgoing edge, -1 when there is none. */
  firstOut(node: number): number {
    return this.#living(this.#firstOut[node]!, this.#nextOut);
  }
  nextOut(edge: number): number {
    return this.#living(this.#nextOut[edge]!, this.#nextOut);
  }
  firstIn(node: number): number {
    return this.#living(this.#firstIn[node]!, this.#nextIn);
  }
  nextIn(edge: number): number {
    return this.#living(this.#nextIn[edge]!, this.#nextIn);
  }
  source(edge: number): number {
    return this.#from[edge]!;
  }
  target(edge: number): number {
    return this.#to[edge]!;
  }

  #living(edge: number, next: Int32Array): number {
    let at = edge;
    while (at >= 0 && this.#from[at]! < 0) at = next[at]!;
    return at;
  }

  #bury(edge: number): void {
    this.#from[edge] = -1;
    this.#to[edge] = -1;
    this.removed++;
  }

  #grow(): void {
    this.#from = doubled(this.#from);
    this.#to = doubled(this.#to);
    this.#nextOut = doubled(this.#nextOut);
    this.#nextIn = doubled(this.#nextIn);
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
