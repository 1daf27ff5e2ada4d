/**
 * Flags of Node with which our servers are started, by whoever starts them.
 *
 * V8 shares each collection of garbage among several threads that wait for one another. A server whose objects die young
 * has little to copy, so the threads save it less than their meeting costs, most of all with fewer cores than threads. And
 * young objects of a request in flight must find room until it ends, or they are copied twice before they die.
 *
 * A full collection looks at all that lives, a gateway's code and what no epoch holds yet, however little of it is new. Left alone
 * V8 allows a heap that grows slowly a tenth more before the next one, which was a fifth of a gateway's CPU.
 *
 * Sizes in MiB, of each half of the young space. What lives long may double before it is looked at again, in %.
 */
const collectedSeldom = (youngMiB: number): readonly string[] => [
  '--single-threaded-gc',
  `--min-semi-space-size=${youngMiB}`,
  `--max-semi-space-size=${youngMiB}`,
  '--heap-growing-percent=100',
]

/** An agent has hundreds of requests in flight. */
export const agentNodeFlags = collectedSeldom(16)
/** A gateway has thousands. */
export const gatewayNodeFlags = collectedSeldom(32)
