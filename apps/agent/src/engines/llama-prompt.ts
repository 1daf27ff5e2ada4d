/**
 * Turns messages into the tokens that a model was trained to see, and says where its turn ends.
 *
 * The chat format comes from the GGUF's own template as the library resolves it. A conversation whose last message is
 * the assistant's is continued, not answered: that is how a stream goes on after its node died.
 */
import {
  GeneralChatWrapper,
  resolveChatWrapper,
  type ChatHistoryItem,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp'
import type { ChatMessage, GenerationRequest } from './engine-backend.ts'

export type EncodedPrompt = {
  readonly tokens: readonly Token[]
  readonly stopTokens: ReadonlySet<Token>
  readonly stopTexts: readonly string[]
}

export type PromptEncoder = (input: GenerationRequest['input']) => EncodedPrompt

/** An encoder for one loaded model. */
export function createPromptEncoder(model: LlamaModel): PromptEncoder {
  const wrapper = resolveChatWrapper(model) ?? new GeneralChatWrapper()
  return (input) => {
    if (input.kind === 'completion') {
      const tokens = model.tokenize(input.prompt)
      const bos = model.tokens.bos
      const withBos =
        bos !== null && (model.tokens.shouldPrependBosToken || tokens.length === 0) ? [bos, ...tokens] : tokens
      return { tokens: withBos, stopTokens: new Set(), stopTexts: [] }
    }
    const state = wrapper.generateContextState({ chatHistory: toHistory(input.messages) })
    const stopTokens = new Set<Token>()
    const stopTexts: string[] = []
    for (const trigger of state.stopGenerationTriggers) {
      const tokens = trigger.tokenize(model.tokenizer)
      const [only] = tokens
      if (tokens.length === 1 && only !== undefined) stopTokens.add(only)
      else if (tokens.length > 1) stopTexts.push(model.detokenize(tokens, true))
    }
    return { tokens: state.contextText.tokenize(model.tokenizer), stopTokens, stopTexts }
  }
}

function toHistory(messages: readonly ChatMessage[]): ChatHistoryItem[] {
  const history = messages.map(({ role, content }): ChatHistoryItem => {
    if (role === 'assistant') return { type: 'model', response: [content] }
    return { type: role, text: content }
  })
  return messages.at(-1)?.role === 'assistant' ? history : [...history, { type: 'model', response: [] }]
}
