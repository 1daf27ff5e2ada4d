/** The same policy as one request may carry it, and the short form in the model's name. */
import type { RoutingJson } from '@isochrone/services'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { Section } from '~/components/ui/page-header.tsx'

export interface RequestExampleProps {
  routing: RoutingJson
  gatewayUrl: string
  model: string
}

export function RequestExample({ routing, gatewayUrl, model }: RequestExampleProps) {
  const curl = `curl ${gatewayUrl}/v1/chat/completions \\
  -H "Authorization: Bearer $ISOCHRONE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"${model}:price","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}'`
  return (
    <Section
      title="On a single request"
      description="A request may say the same in its body. It overrides preferences; constraints it can only tighten."
    >
      <div className="flex flex-col gap-3">
        <CodeBlock label="routing field" code={`"routing": ${JSON.stringify(routing, null, 2)}`} />
        <p className="text-ink-3">
          Where only the model can be named: <code className="font-mono text-xs text-ink-2">:price</code>,{' '}
          <code className="font-mono text-xs text-ink-2">:latency</code> or{' '}
          <code className="font-mono text-xs text-ink-2">:throughput</code> after its name.
        </p>
        <CodeBlock label="request with a suffix" code={curl} />
      </div>
    </Section>
  )
}
