/** The commands of the agent as the wizard shows them. Names in them come from other people's nodes: they are quoted. */
import type { ListingDetail, ModelStep } from '@isochrone/services'
import { isDemoModel } from '../market/demo-model.ts'

export const agentCommand = 'node tools/run.mjs apps/agent/src/main.ts'

/** A folder for each listing: a machine that is listed again gets a fresh key, because the earlier one is retired. */
export function dataDirOf({ id, nodeName }: Pick<ListingDetail, 'id' | 'nodeName'>): string {
  return `.data/${(nodeName ?? 'node').toLowerCase().replace(/[^a-z0-9-]+/g, '-')}-${id.slice(-6)}`
}

/** Starts the agent, for the models and the engine of `choice` where there is one. */
export function runCommand(listing: Pick<ListingDetail, 'id' | 'nodeName'>, choice?: ModelStep): string {
  return [agentCommand, 'run', '--data-dir', dataDirOf(listing), ...(choice ? flagsOf(choice) : [])].join(' ')
}

function flagsOf({ engine, models }: ModelStep): string[] {
  const [first] = models
  if (!first) return []
  const name = quoted(first.model)
  if (engine === 'simulated') return ['--engine simulated --gpu H200 --gpu-count 8 --model-id', name]
  if (engine === 'llama.cpp') {
    return isDemoModel(first.model) ? [] : ['--model /path/to/model.gguf --model-id', name]
  }
  const server = '--engine openai --engine-url http://127.0.0.1:8000'
  if (models.length > 1) return [server]
  return [server, '--engine-model', name, '--model-hash', first.modelHash]
}

/** For a POSIX shell: nothing in it is run, whatever it says. */
export function quoted(text: string): string {
  if (/^[\w./:@-]+$/.test(text) && !text.startsWith('-')) return text
  // A control character is never part of a name; pasted into a terminal it might end the line.
  const plain = text.replaceAll(/\p{Cc}/gu, '?')
  return `'${plain.replaceAll("'", String.raw`'\''`)}'`
}
