/**
 * Does the node serve what its listing says? The models and the engine that its owner chose, against what its agent reports:
 * only what the agent answers for is listed. Pure; what fails says what to do about it.
 */
import type { ModelStep } from './listing-draft.ts'
import type { DetectedModel, DetectedNode } from '../queries/views/detected-node.ts'

export type StandingState = 'open' | 'waiting' | 'failed' | 'done'

export interface Standing {
  state: StandingState
  text: string
  /** What to do now; null where there is nothing to do. */
  fix: string | null
}

export interface ModelStanding extends Standing {
  /** In the order of the draft. */
  models: (Standing & { model: string; modelHash: string })[]
}

/** @param node null until an agent has joined */
export function modelStanding(step: ModelStep | undefined, node: DetectedNode | null): ModelStanding {
  if (!step) return { ...standing('open', 'No models are chosen yet.', 'Say which ones this node serves.'), models: [] }
  const whole = engineStanding(step, node)
  if (!node || whole) {
    const all = whole ?? standing('waiting', 'No agent has joined yet.', 'Make the command and run it on the machine.')
    return { ...all, models: step.models.map((model) => ({ ...all, ...model })) }
  }
  const models = step.models.map((chosen) => ({ ...chosen, ...oneStanding(chosen, node) }))
  const worst = models.find(({ state }) => state === 'failed') ?? models.find(({ state }) => state !== 'done')
  if (worst) return { ...standing(worst.state, worst.text, worst.fix), models }
  const names = step.models.map(({ model }) => model).join(', ')
  const behind = [step.engine, node.engine?.version].filter(Boolean).join(' ')
  return { ...standing('done', `${behind} answers for ${names}.`), models }
}

/** What is true of all models alike; null where each is looked at for itself. */
function engineStanding({ engine }: ModelStep, node: DetectedNode | null): Standing | null {
  if (!node) return null
  if (!node.models) {
    return standing(
      'waiting',
      'The agent does not run yet.',
      'Start it with the command of the step Models and engine.',
    )
  }
  if (!node.engine) {
    return standing(
      'failed',
      'The agent does not say which engine it runs.',
      'Update its clone of Isochrone and start it again.',
    )
  }
  if (node.engine.name === engine) return null
  return standing(
    'failed',
    `The agent runs ${engineWords(node.engine.name)}, and the listing says ${engineWords(engine)}.`,
    `Choose ${engineWords(node.engine.name)} here, or start the agent with ${engineWords(engine)}.`,
  )
}

function oneStanding(chosen: { model: string; modelHash: string }, node: DetectedNode): Standing {
  const { model, modelHash } = chosen
  const named = node.models?.filter((served) => served.model === model) ?? []
  const [other] = named
  if (!other) {
    return standing(
      'failed',
      `The agent does not serve ${model}.`,
      `Start it with --model-id ${model}, or take ${model} out of the listing.`,
    )
  }
  const served = named.find((each) => each.modelHash === modelHash)
  if (!served) {
    return standing(
      'failed',
      `The agent serves another build of ${model}: ${short(other.modelHash)}, and the listing says ${short(modelHash)}.`,
      'Choose the build that it serves, or start the agent with the file of the one that is listed.',
    )
  }
  return reportStanding(served, node)
}

function reportStanding({ model, report }: DetectedModel, node: DetectedNode): Standing {
  if (!report) return standing('failed', `The agent does not report on ${model}.`, 'Start the agent again.')
  if (report.hashOf === 'name') {
    return standing(
      'failed',
      `Nobody has said which weights of ${model} the engine serves: its hash is of the name alone.`,
      `Start the agent with --engine-model ${model} and --model-hash, the SHA-256 of the weights.`,
    )
  }
  if (report.memoryMib !== null && report.memoryMib > node.memoryMib) {
    return standing(
      'failed',
      `${model} takes ${gib(report.memoryMib)} with ${node.engine?.concurrencyMax ?? 1} requests at once, and the machine has ${gib(node.memoryMib)}.`,
      'Start the agent with a lower --capacity or --context, or with a smaller quantisation.',
    )
  }
  if (!report.answer) return standing('waiting', `The agent asks its engine for a first token of ${model}.`)
  if ('error' in report.answer) {
    return standing(
      'failed',
      `The engine does not answer for ${model}: ${report.answer.error}`,
      'See to the engine; the agent asks it again by itself.',
    )
  }
  return standing('done', `It answers for ${model}.`)
}

function standing(state: StandingState, text: string, fix: string | null = null): Standing {
  return { state, text, fix }
}

const engineWords = (name: ModelStep['engine']) => (name === 'other' ? 'another engine' : name)
const short = (hash: string) => `${hash.slice(0, 10)}…`
const gib = (mib: number) => `${(mib / 1024).toFixed(1)} GiB`
