/**
 * Flags of Node with which our servers are started, by whoever starts them.
 *
 * V8 shares each collection of garbage among several threads that wait for one another. A server whose objects die young
 * has little to copy, so the threads save it less than their meeting costs, most of all with fewer cores than threads. And
 * young objects of a request in flight must find room until it ends, or they are copied twice before they die.
 *
 * A full collection looks at all that lives, a gateway's code and what no epoch holds yet, however little of it is new. Left alone
 * V8 allows a heap that grows slowly a tenth more before the next one, which was a fifth of a gateway's CPU.
 */
export const agentNodeFlags: readonly string[] = ['--single-threaded-gc']
/** Sizes in MiB. A gateway has thousands of requests in flight. What lives long may double before it is looked at again, in %. */
export const gatewayNodeFlags: readonly string[] = [
  '--single-threaded-gc',
  '--min-semi-space-size=16',
  '--max-semi-space-size=16',
  '--heap-growing-percent=100',
]
