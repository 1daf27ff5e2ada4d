/**
 * Flags of Node with which our servers are started, by whoever starts them.
 *
 * V8 shares each collection of garbage among several threads that wait for one another. A server whose objects die young
 * has little to copy, so the threads save it less than their meeting costs, most of all with fewer cores than threads. And
 * young objects of a request in flight must find room until it ends, or they are copied twice before they die.
 */
export const agentNodeFlags: readonly string[] = ['--single-threaded-gc']
/** Sizes in MiB. A gateway has thousands of requests in flight. */
export const gatewayNodeFlags: readonly string[] = [
  '--single-threaded-gc',
  '--min-semi-space-size=16',
  '--max-semi-space-size=16',
]
