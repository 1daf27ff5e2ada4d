'use client'
/**
 * Which models this node serves, and behind which engine: chosen out of what its agent reports and of what the network knows.
 * Only what the agent answers for is listed, so each model says how far it is and what to do.
 */
import type { DetectedModel, ListingDetail, ModelStep as Choice } from '@isochrone/services'
import { useId, useState } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Form } from '~/components/ui/form.tsx'
import { inputStyle } from '~/components/ui/input-style.ts'
import { Notice } from '~/components/ui/notice.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { runCommand } from '~/lib/listing/agent-command.ts'
import { cn } from '~/lib/cn.ts'
import { formatCount, formatMs } from '~/lib/words/format.ts'
import { buildsOf, engineWords, type Build } from '~/lib/listing/listing-models.ts'
import { useListingSave, type StepProps } from './use-listing-save.ts'

const MODELS_MAX = 16
type Chosen = Choice['models']

export function ModelStep({ listing, disabledReason }: StepProps) {
  const { draft, node, models: standing } = listing
  const save = useListingSave(listing, 'models')
  const id = useId()
  // Until somebody says otherwise, it is what the agent serves.
  const [engineSaid, setEngine] = useState(draft.models?.engine)
  const [modelsSaid, setModels] = useState<Chosen | undefined>(draft.models?.models)
  const [isMissing, setMissing] = useState(false)
  const engine = engineSaid ?? node?.engine?.name ?? 'llama.cpp'
  const chosen = modelsSaid ?? served(listing)
  const toggle = ({ model, modelHash }: Build, on: boolean) => {
    setMissing(false)
    // One build of a model: requests name it by its name.
    const others = chosen.filter((each) => each.model !== model)
    setModels(on ? [...others, { model, modelHash }] : others)
  }
  return (
    <Form
      className="flex max-w-2xl flex-col gap-4"
      onSubmit={() => {
        setMissing(chosen.length === 0)
        if (chosen.length > 0) void save.run({ models: { engine, models: chosen } })
      }}
    >
      <div className="flex flex-col gap-1 sm:max-w-xs">
        <label htmlFor={`${id}-engine`} className="font-medium">
          Engine
        </label>
        <select
          id={`${id}-engine`}
          aria-describedby={`${id}-engine-help`}
          value={engine}
          onChange={(event) => setEngine(event.target.value as Choice['engine'])}
          className={inputStyle}
        >
          {Object.entries(engineWords).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <p id={`${id}-engine-help`} className="text-xs text-ink-3">
          {node?.engine
            ? `The agent says that it runs ${reported(node.engine)}.`
            : 'The agent says which it runs when it runs.'}
        </p>
      </div>
      <Builds builds={buildsOf(listing)} chosen={chosen} node={node} onToggle={toggle} isMissing={isMissing} />
      {draft.models && standing.state !== 'done' && (
        <Notice tone={standing.state === 'failed' ? 'bad' : 'info'}>
          {standing.text} {standing.fix}
        </Notice>
      )}
      {chosen.length > 0 && standing.state !== 'done' && (
        <>
          <p>This starts the agent with what is chosen here. Put in where the file or the server is.</p>
          <CodeBlock
            label="agent run command for these models"
            code={runCommand(listing, { engine, models: chosen })}
          />
        </>
      )}
      <ErrorNotice error={save.error} />
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={save.pending}
        disabledReason={disabledReason}
      >
        Save and go on
      </Button>
    </Form>
  )
}

interface BuildsProps {
  builds: readonly Build[]
  chosen: Chosen
  node: ListingDetail['node']
  onToggle: (build: Build, on: boolean) => void
  isMissing: boolean
}

function Builds({ builds, chosen, node, onToggle, isMissing }: BuildsProps) {
  const id = useId()
  return (
    <fieldset className="flex flex-col gap-2" aria-describedby={`${id}-help`}>
      <legend className="mb-1 font-medium">Models</legend>
      {builds.length === 0 ? (
        <Notice>
          Nobody serves a model yet. Start the agent with one, as the step Agent says; it appears here as soon as the
          agent reports it.
        </Notice>
      ) : (
        <ul className="divide-y divide-line rounded-md border border-line">
          {builds.map((build) => (
            <BuildRow
              key={`${build.model} ${build.modelHash}`}
              build={build}
              node={node}
              checked={chosen.some(({ model, modelHash }) => model === build.model && modelHash === build.modelHash)}
              isFull={chosen.length >= MODELS_MAX}
              onToggle={onToggle}
            />
          ))}
        </ul>
      )}
      <p id={`${id}-help`} className={cn('text-xs', isMissing ? 'text-bad' : 'text-ink-3')}>
        {isMissing
          ? 'Choose at least one.'
          : 'A build is a name and the hash of its weights; both become part of the terms. A model that nobody serves yet appears here once the agent runs with it.'}
      </p>
    </fieldset>
  )
}

interface BuildRowProps extends Pick<BuildsProps, 'node' | 'onToggle'> {
  build: Build
  checked: boolean
  isFull: boolean
}

function BuildRow({ build, node, checked, isFull, onToggle }: BuildRowProps) {
  const { model, modelHash, nodes, served: mine, simulated } = build
  return (
    <li className="px-3 py-2">
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <label className="flex min-h-6 min-w-0 items-center gap-2">
          <input
            type="checkbox"
            checked={checked}
            disabled={isFull && !checked}
            onChange={(event) => onToggle(build, event.target.checked)}
            className="size-4 accent-(--accent)"
          />
          <span className="font-medium break-all">{model}</span>
          {simulated && <span className="text-xs text-ink-3">simulated</span>}
        </label>
        <span className="max-sm:pl-6">
          <Hash value={modelHash} label={`hash of ${model}`} />
        </span>
      </div>
      <p className="pl-6 text-xs text-ink-3">
        {nodes === 0 ? 'New to the market.' : `${formatCount(nodes)} ${nodes === 1 ? 'node' : 'nodes'} on the market.`}{' '}
        {!mine &&
          (node?.models ? 'This node’s agent does not serve it.' : 'This node’s agent has not said what it serves.')}
      </p>
      {mine && node && <Reported model={mine} node={node} />}
    </li>
  )
}

const hashWords = {
  file: 'the file that the agent read',
  engine: 'what the engine says of its weights',
  owner: 'what the agent was told',
  description: 'a description: it is simulated',
  name: 'the name alone, which says nothing of the weights',
} as const

const memory = (mib: number) => (mib < 1_024 ? `${Math.ceil(mib)} MiB` : `${(mib / 1_024).toFixed(1)} GiB`)

function Reported({ model, node }: { model: DetectedModel; node: NonNullable<ListingDetail['node']> }) {
  const { report } = model
  return (
    <div className="mt-1.5 pl-6">
      <Facts
        items={[
          ['Context', `${formatCount(model.contextTokensMax)} tokens, ${model.quantisation}`],
          report && ['Hash of', hashWords[report.hashOf]],
          report !== null &&
            report.fileName !== null && [
              'File',
              `${report.fileName}${report.fileBytes === null ? '' : `, ${memory(report.fileBytes / 2 ** 20)}`}`,
            ],
          report && [
            'Memory',
            report.memoryMib === null
              ? 'the engine holds it itself and does not say'
              : `${memory(report.memoryMib)} of ${memory(node.memoryMib)}${report.memoryMib > node.memoryMib ? ': does not fit' : ': fits'}`,
          ],
          [
            'Answers',
            !report?.answer
              ? 'not asked yet'
              : 'error' in report.answer
                ? `no: ${report.answer.error}`
                : `yes, its first token after ${formatMs(report.answer.firstTokenMs)}`,
          ],
        ]}
      />
    </div>
  )
}

/** Each name once: what comes second under a name is served to nobody. */
function served({ node }: ListingDetail): Chosen {
  const builds = new Map<string, Chosen[number]>()
  for (const { model, modelHash } of node?.models ?? []) {
    if (!builds.has(model) && builds.size < MODELS_MAX) builds.set(model, { model, modelHash })
  }
  return [...builds.values()]
}

function reported({
  name,
  version,
  concurrencyMax,
}: NonNullable<NonNullable<ListingDetail['node']>['engine']>): string {
  return `${[engineWords[name], version].filter(Boolean).join(' ')}, ${formatCount(concurrencyMax)} requests at once`
}
