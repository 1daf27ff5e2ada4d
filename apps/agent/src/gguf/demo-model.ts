/**
 * The demo model: a llama of two layers with random weights that talks nonsense made of English words.
 *
 * It exists so that `npm start` runs a real engine without a download. Weights come from an integer PRNG through exact
 * float operations, so the file is identical on every machine and its hash can be pinned. Only words, commas and full
 * stops can be sampled: the nonsense is legible, and the model never ends by itself.
 */
import { learnBytePairs } from './byte-pair-vocabulary.ts'
import { demoText } from './demo-text.ts'
import { encodeGguf, type GgufTensor, type GgufValue } from './encode-gguf.ts'

export const demoModelId = 'isochrone-demo-tiny'

const shape = { embedding: 64, layers: 2, heads: 2, keyValueHeads: 1, feedForward: 192, contextTokens: 8192 } as const
const specialTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const
const TOKEN_NORMAL = 1
const TOKEN_CONTROL = 3
const MERGES_MAX = 640
const SEED = 20_260_101
const BIAS = 2
const UNSPOKEN_WEIGHT = -20

const chatTemplate =
  "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}" +
  '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}'

/** Another model of the same vocabulary, for tests that tell models apart. */
export type DemoModelVariant = { readonly layers: number; readonly seed: number }

/** The bytes of the demo model's GGUF file; the same on each call. */
export function buildDemoModel(variant: DemoModelVariant = { layers: shape.layers, seed: SEED }): Buffer {
  const { tokens: learnt, merges } = learnBytePairs(demoText, MERGES_MAX)
  const tokens = [...learnt, ...specialTokens]
  return encodeGguf(metadata(tokens, merges, variant), weights(tokens, variant))
}

/** The demo model's tokenizer as model hubs publish one (`tokenizer.json`): the same vocabulary, merges and words. */
export function demoTokenizer(): Record<string, unknown> {
  const { tokens: learnt, merges } = learnBytePairs(demoText, MERGES_MAX)
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  return {
    version: '1.0',
    added_tokens: specialTokens.map((content, index) => ({
      id: learnt.length + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: { type: 'BPE', vocab: Object.fromEntries(learnt.map((token, id) => [token, id])), merges },
  }
}

function metadata(
  tokens: readonly string[],
  merges: readonly string[],
  { layers }: DemoModelVariant,
): Record<string, GgufValue> {
  const normalCount = tokens.length - specialTokens.length
  const endOfText = normalCount
  const endOfTurn = normalCount + 2
  return {
    'general.architecture': string('llama'),
    'general.name': string(demoModelId),
    'general.file_type': u32(0),
    'general.alignment': u32(32),
    'llama.vocab_size': u32(tokens.length),
    'llama.context_length': u32(shape.contextTokens),
    'llama.embedding_length': u32(shape.embedding),
    'llama.block_count': u32(layers),
    'llama.feed_forward_length': u32(shape.feedForward),
    'llama.attention.head_count': u32(shape.heads),
    'llama.attention.head_count_kv': u32(shape.keyValueHeads),
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
    'llama.rope.dimension_count': u32(shape.embedding / shape.heads),
    'llama.rope.freq_base': { type: 'f32', value: 10_000 },
    'tokenizer.ggml.model': string('gpt2'),
    'tokenizer.ggml.pre': string('gpt-2'),
    'tokenizer.ggml.tokens': { type: 'string[]', value: tokens },
    'tokenizer.ggml.token_type': {
      type: 'i32[]',
      value: tokens.map((_, index) => (index < normalCount ? TOKEN_NORMAL : TOKEN_CONTROL)),
    },
    'tokenizer.ggml.merges': { type: 'string[]', value: merges },
    'tokenizer.ggml.bos_token_id': u32(endOfText),
    'tokenizer.ggml.eos_token_id': u32(endOfTurn),
    'tokenizer.ggml.eot_token_id': u32(endOfTurn),
    'tokenizer.ggml.padding_token_id': u32(endOfText),
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
    'tokenizer.chat_template': string(chatTemplate),
  }
}

function u32(value: number): GgufValue {
  return { type: 'u32', value }
}

function string(value: string): GgufValue {
  return { type: 'string', value }
}

function weights(tokens: readonly string[], { layers, seed }: DemoModelVariant): GgufTensor[] {
  const { embedding, heads, keyValueHeads, feedForward } = shape
  const keyValue = (embedding / heads) * keyValueHeads
  const next = mulberry32(seed)
  const matrix = (name: string, rows: number, columns: number, spread: number): GgufTensor => ({
    name,
    shape: [columns, rows],
    data: Float32Array.from({ length: rows * columns }, () => (next() - 0.5) * spread),
  })
  const norm = (name: string): GgufTensor => ({ name, shape: [embedding], data: new Float32Array(embedding).fill(1) })
  // Spreads are powers of two and plain decimals near sqrt(12 / columns): unit variance after each product.
  const tensors = [
    withFirstColumn(matrix('token_embd.weight', tokens.length, embedding, 3.5), BIAS),
    norm('output_norm.weight'),
    spokenRows(matrix('output.weight', tokens.length, embedding, 1), tokens),
  ]
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}.weight`
    tensors.push(
      norm(name('attn_norm')),
      matrix(name('attn_q'), embedding, embedding, 0.4375),
      matrix(name('attn_k'), keyValue, embedding, 0.4375),
      matrix(name('attn_v'), keyValue, embedding, 0.4375),
      withoutFirstRow(matrix(name('attn_output'), embedding, embedding, 0.4375)),
      norm(name('ffn_norm')),
      matrix(name('ffn_gate'), feedForward, embedding, 0.4375),
      matrix(name('ffn_up'), feedForward, embedding, 0.4375),
      withoutFirstRow(matrix(name('ffn_down'), embedding, feedForward, 0.25)),
    )
  }
  return tensors
}

/**
 * Rules out tokens that would make the output illegible or end it; `Ġ` is the alphabet's character for a space.
 *
 * The first component of the hidden state is the same positive number for every token (`BIAS`, which no layer writes
 * to), so a negative weight on it puts a token out of reach at any temperature.
 */
function spokenRows(output: GgufTensor, tokens: readonly string[]): GgufTensor {
  const words = new Set(demoText.split(/[^a-z]+/))
  const isSpoken = (token: string) =>
    (token.startsWith('Ġ') && token.length > 2 && words.has(token.slice(1))) || token === ',' || token === '.'
  tokens.forEach((token, row) => {
    const start = row * shape.embedding
    if (!isSpoken(token)) output.data.fill(0, start, start + shape.embedding)
    output.data[start] = isSpoken(token) ? 0 : UNSPOKEN_WEIGHT
  })
  return output
}

function withFirstColumn(tensor: GgufTensor, value: number): GgufTensor {
  for (let start = 0; start < tensor.data.length; start += shape.embedding) tensor.data[start] = value
  return tensor
}

function withoutFirstRow(tensor: GgufTensor): GgufTensor {
  tensor.data.fill(0, 0, tensor.shape[0])
  return tensor
}

/** Integer-only PRNG (mulberry32, Tommy Ettinger, public domain): the same sequence on every machine, in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
