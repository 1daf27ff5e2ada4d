/**
 * The engine call that goes on with an answer which another node began: prompt and delivered text are prefilled, and only
 * what follows is generated.
 *
 * Chat: the delivered text becomes a last assistant message that is left open, by the fields that vLLM and SGLang share.
 * Completions: it follows the prompt. What cannot be continued truthfully is refused, never answered anew.
 */
import type { EngineCall } from '../engines/engine-driver.ts'
import type { PreparedCall } from './prepared-call.ts'

/** The call for `text` delivered so far. */
export function continueCall({ path, body }: EngineCall, text: string): PreparedCall {
  const open = { continue_final_message: true, add_generation_prompt: false }
  if (path === '/v1/completions') {
    const prompt = onlyPrompt(body.prompt)
    if (prompt === null) return refused('prompt: only a text can be continued')
    return { ok: true, call: { path, body: { ...body, prompt: prompt + text, ...open } } }
  }
  if (!Array.isArray(body.messages)) return refused('messages: must be an array')
  const messages = [...(body.messages as unknown[]), { role: 'assistant', content: text }]
  return { ok: true, call: { path, body: { ...body, messages, ...open } } }
}

function onlyPrompt(prompt: unknown): string | null {
  const [only, ...others] = Array.isArray(prompt) ? (prompt as unknown[]) : [prompt]
  return typeof only === 'string' && others.length === 0 ? only : null
}

const refused = (message: string): PreparedCall => ({ ok: false, message })
