'use client'
/** One command with a one-time token; then the agent appears with what it detected. */
import type { ListingDetail } from '@isochrone/services'
import { LoaderCircle } from 'lucide-react'
import { listingCommand } from '~/actions/listing.ts'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { agentCommand, dataDirOf, runCommand } from '~/lib/listing/agent-command.ts'
import { formatCount, formatUtc } from '~/lib/words/format.ts'
import { useAction } from '~/lib/page/use-action.ts'

interface AgentStepProps {
  listing: ListingDetail
  webUrl: string
  disabledReason: string | undefined
}

export function AgentStep({ listing, webUrl, disabledReason }: AgentStepProps) {
  const command = useAction(listingCommand)
  const { id, version, node, token } = listing
  if (node) return <Detected listing={listing} node={node} />
  const isOver = token?.status === 'expired' || token?.status === 'revoked'
  // Another tab has made a newer one, or this one's time is up: a command that does not work is not shown.
  const replaced = token !== null && command.data !== null && token.expiresAtMs > command.data.expiresAtMs
  const ended = isOver && token.expiresAtMs === command.data?.expiresAtMs
  const shown = replaced || ended ? null : command.data
  return (
    <div className="flex max-w-2xl flex-col gap-4">
      <p>
        Run one command in a clone of Isochrone on the machine. It makes the node&apos;s key, which never leaves it, and
        says what hardware it finds. No port needs to be open.
      </p>
      {shown ? (
        <>
          <CodeBlock
            label="agent join command"
            code={`${agentCommand} join --token ${shown.token} --api ${webUrl} --data-dir ${dataDirOf(listing)}`}
          />
          <Notice tone="warn">Shown once. It admits one node and expires at {formatUtc(shown.expiresAtMs)}.</Notice>
          <p role="status" className="flex items-center gap-2">
            <LoaderCircle aria-hidden className="size-4 animate-spin text-accent" /> Waiting for the agent…
          </p>
        </>
      ) : (
        token && (
          <Notice tone={isOver ? 'bad' : 'info'}>
            {isOver
              ? `The command that was made has ${token.status === 'expired' ? 'expired' : 'been revoked'}. Make another one.`
              : `${replaced ? 'Another tab made a newer command; the one that was here has stopped working.' : 'A command was made and waits for its agent.'} A command is shown once: make another one if it is lost; the earlier one then stops working.`}
          </Notice>
        )
      )}
      <ErrorNotice error={command.error} />
      <Button
        tone={shown ? 'plain' : 'primary'}
        className="self-start"
        pending={command.pending}
        disabledReason={disabledReason ?? (listing.draft.machine ? undefined : 'Describe the machine first.')}
        onClick={() => void command.run({ id, version })}
      >
        {shown || token ? 'Make another command' : 'Make the command'}
      </Button>
    </div>
  )
}

interface DetectedProps {
  listing: ListingDetail
  node: NonNullable<ListingDetail['node']>
}

function Detected({ listing, node }: DetectedProps) {
  const gpus = node.gpus.map(({ name, count, memoryMib }) => `${count} × ${name}, ${formatCount(memoryMib)} MiB`)
  return (
    <div className="flex max-w-2xl flex-col gap-4">
      <Facts
        items={[
          ['Hardware', node.hardware],
          ['Class', node.gpuClass],
          ['GPUs', gpus.length > 0 ? gpus.join('; ') : 'none: this node computes on its CPU'],
          ['CPU', `${node.cpuModel}, ${node.cpuCores} cores, ${formatCount(node.memoryMib)} MiB`],
          ['System', `${node.os}, agent ${node.agentVersion}`],
          [
            'Models',
            node.models
              ? node.models.map(({ model, quantisation }) => `${model} ${quantisation}`).join('; ') || 'none'
              : 'said when the agent runs',
          ],
        ]}
      />
      {!node.models && (
        <>
          <p>
            Now start serving; it serves until you stop it. For an engine of your own add{' '}
            <code className="font-mono text-xs">--engine openai --engine-url http://127.0.0.1:8000</code>.
          </p>
          <CodeBlock label="agent run command" code={runCommand(listing)} />
        </>
      )}
      <ButtonLink href={`/provider/list/${listing.id}?step=models`} tone="primary" className="self-start">
        Go on to models and engine
      </ButtonLink>
    </div>
  )
}
