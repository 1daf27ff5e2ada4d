/** When each replica's engine has its next event: a tournament tree, so that setting one and reading the first are cheap. */
export class ReplicaTimers {
  private readonly leaves: number
  private readonly times: Float64Array
  private readonly winner: Int32Array

  constructor(replicas: number) {
    this.leaves = 1 << Math.ceil(Math.log2(Math.max(2, replicas)))
    this.times = new Float64Array(this.leaves).fill(Infinity)
    this.winner = new Int32Array(this.leaves)
    for (let node = this.leaves - 1; node > 0; node--) this.winner[node] = this.left(node)
  }

  /** The replica that is due first (the lower index among equals), and when. */
  get first(): number {
    return this.winner[1] as number
  }

  get nextMs(): number {
    return this.times[this.winner[1]!] as number
  }

  set(replica: number, atMs: number): void {
    if (this.times[replica] === atMs) return
    this.times[replica] = atMs
    for (let node = (this.leaves + replica) >> 1; node > 0; node >>= 1) {
      const left = this.left(node)
      const right = this.right(node)
      this.winner[node] = (this.times[right] as number) < (this.times[left] as number) ? right : left
    }
  }

  private left(node: number): number {
    const child = 2 * node
    return child >= this.leaves ? child - this.leaves : (this.winner[child] as number)
  }

  private right(node: number): number {
    const child = 2 * node + 1
    return child >= this.leaves ? child - this.leaves : (this.winner[child] as number)
  }
}
