/**
 * Buys an answer of one node through a gateway, as the platform's own account: pinned to the node, paid and receipted like any other.
 * No job stands behind it: the request names none, and its answer is kept nowhere.
 */
import { newId } from '@isochrone/domain'
import type { GatewayDispatch, ReplayPort } from '@isochrone/services'
import { z } from 'zod'

const TIMEOUT_MS = 60_000
const TOKENS_OUT = 24

const completion = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1) })

export function replayThroughGateway({ gateway, orgId }: { gateway: GatewayDispatch; orgId: string }): ReplayPort {
  return {
    async ask({ nodeId, model, prompt }) {
      const requestId = newId('req')
      try {
        const gatewayUrl = gateway.gatewayFor(requestId)
        if (gatewayUrl === null) return null
        const { outcome, answer } = await gateway.dispatch(gatewayUrl, {
          requestId,
          jobId: null,
          orgId,
          keyId: null,
          path: '/v1/chat/completions',
          body: { model, messages: [{ role: 'user', content: prompt }], temperature: 0, max_tokens: TOKENS_OUT },
          nodeId,
          placement: null,
          timeoutMs: TIMEOUT_MS,
          dispatchedAtMs: null,
          answerOnly: false,
          progress: false,
          slack: false,
        })
        const parsed = completion.safeParse(answer)
        const text = parsed.data?.choices[0]?.message.content
        return outcome === 'answered' && text ? { requestId, text } : null
      } catch {
        // Away, full or refused: an answer that was not given says nothing of the model.
        return null
      }
    },
  }
}
