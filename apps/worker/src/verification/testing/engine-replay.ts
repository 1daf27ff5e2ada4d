/** Asks engines directly, by the node that each stands for: what the gateway does for the platform's account, without a market. */
import type { ReplayPort } from '@isochrone/services'

export function engineReplay(urlOf: ReadonlyMap<string, string>): ReplayPort {
  return {
    async ask({ nodeId, model, prompt }) {
      const url = urlOf.get(nodeId)
      if (!url) return null
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], temperature: 0, max_tokens: 24 }),
      })
      const answer = (await response.json()) as { choices: { message: { content: string } }[] }
      return { requestId: `req_${crypto.randomUUID()}`, text: answer.choices[0]?.message.content ?? '' }
    },
  }
}
