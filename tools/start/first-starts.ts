/**
 * The first start of each node's agent, which counts when the gateway has seen the node. Later starts, after a crash,
 * do not wait for the gateway: it may be the one that is away.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoNodeWithKey } from './node-keys.ts'
import type { NodeWatch } from './node-watch.ts'
import { startAgent, type ProcessContext, type StartedAgent } from './processes.ts'
import { waitForLink } from './wait-for-link.ts'

export interface FirstStartsOptions {
  readonly ctx: ProcessContext
  readonly watch: NodeWatch
  readonly count: number
  /** The agents of a killed supervisor may hold their data for some seconds more. */
  readonly afterCrash: boolean
  readonly say: (detail: string) => void
  readonly signal: AbortSignal | undefined
}

const attemptsAfterCrash = 4
const waitAfterCrashMs = 1_500

/** What starts the agent of a node, again and again: as described above. */
export function firstStarts(options: FirstStartsOptions): (node: DemoNodeWithKey) => () => Promise<StartedAgent> {
  const { ctx, watch, count, afterCrash, say, signal } = options
  let linked = 0
  const linkedText = () => `${linked} of ${count} linked`

  async function startFirst(node: DemoNodeWithKey): Promise<StartedAgent> {
    const sinceMs = Date.now()
    const agent = await startAgent(ctx, node, ({ exited, log }) =>
      waitForLink({
        name: `The agent ${node.name}`,
        running: { exited },
        log,
        signal,
        isLinked: () => watch.seenSince(node.address, sinceMs),
        onLoading: (percent) => say(`${linkedText()}, ${node.name} has loaded ${percent} % of its model`),
      }),
    )
    linked += 1
    say(linkedText())
    return agent
  }

  return (node) => {
    let first = true
    return async () => {
      if (!first) return startAgent(ctx, node)
      for (let attempt = 1; ; attempt++) {
        try {
          const agent = await startFirst(node)
          first = false
          return agent
        } catch (error) {
          if (signal?.aborted || !afterCrash || attempt >= attemptsAfterCrash) throw error
          await sleep(waitAfterCrashMs)
        }
      }
    }
  }
}
