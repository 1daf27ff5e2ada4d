/** A first request, ready to paste. */
import { CodeBlock } from './ui/code-block.tsx'

/** `key` is shown where a key of the reader's own is known, which is only right after it was made. */
export function QuickStart({ gatewayUrl, model, secret }: { gatewayUrl: string; model: string; secret?: string }) {
  const code = `curl ${gatewayUrl}/v1/chat/completions \\
  -H "Authorization: Bearer ${secret ?? '$ISOCHRONE_API_KEY'}" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"${model}","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}'`
  return <CodeBlock code={code} label="first request" />
}
