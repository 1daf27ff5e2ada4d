import { expect, test } from 'vitest'
import { quoted, runCommand } from './agent-command.ts'

const listing = { id: 'list_abcdef123456', nodeName: 'Rack 1' }
const models = [{ model: 'qwen3-32b', modelHash: `0x${'ab'.repeat(32)}` }]

test('the command starts the engine that was chosen, with the model that was chosen', () => {
  expect(runCommand(listing)).toMatch(/ run --data-dir \.data\/rack-1-123456$/)
  expect(runCommand(listing, { engine: 'llama.cpp', models })).toMatch(
    / --model \/path\/to\/model\.gguf --model-id qwen3-32b$/,
  )
  expect(runCommand(listing, { engine: 'vLLM', models })).toMatch(
    / --engine openai --engine-url \S+ --engine-model qwen3-32b --model-hash 0x(ab){32}$/,
  )
})

/** A name is another provider's word, and people paste the command into a shell. */
test('a model’s name cannot run anything in the shell', () => {
  expect(quoted('meta-llama/Llama-3.3:70b')).toBe('meta-llama/Llama-3.3:70b')
  expect(quoted('x; rm -rf ~')).toBe("'x; rm -rf ~'")
  expect(quoted("x'$(id)'")).toBe(String.raw`'x'\''$(id)'\'''`)
  expect(quoted('--help')).toBe("'--help'")
  expect(quoted('x\nid\r')).toBe("'x?id?'")
})
