'use client'
/** Makes a one-time join token, shows the commands to run, and waits until the node has joined. */
import { Link } from '~/components/ui/link.tsx'
import { useEffect, useState, type FormEvent } from 'react'
import { CircleCheck, LoaderCircle } from 'lucide-react'
import type { CreatedJoinToken, JoinTokenView } from '@isochrone/services'
import { createJoinToken, joinTokenStatus } from '~/actions/provider.ts'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { formatUtc } from '~/lib/format.ts'
import { formText } from '~/lib/form-text.ts'
import { useAction } from '~/lib/use-action.ts'
import { DeclarationFields, defaultDeclaration } from './declaration-fields.tsx'

const POLL_MS = 2_000

export function JoinForm({ webUrl, disabledReason }: { webUrl: string; disabledReason: string | undefined }) {
  const create = useAction(createJoinToken)
  const [declared, setDeclared] = useState(defaultDeclaration)
  if (create.data) return <JoinWait created={create.data} webUrl={webUrl} onAnother={create.reset} />

  const errorOf = (field: string) => (create.error?.field === field ? create.error.message : undefined)
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => formText(form, name)
    void create.run({
      // Not `nodeName`: a form's controls shadow its DOM properties, and React reads that one.
      nodeName: text('node'),
      region: text('region').toLowerCase(),
      country: text('country'),
      ...declared,
      inUsdPerMtok: text('inUsdPerMtok'),
      cachedUsdPerMtok: text('cachedUsdPerMtok'),
      outUsdPerMtok: text('outUsdPerMtok'),
      gpuHourUsd: text('gpuHourUsd'),
      ...(text('gpus') !== '' && { gpus: Number(text('gpus')) }),
    })
  }
  return (
    <form onSubmit={submit} className="flex max-w-2xl flex-col gap-4">
      <div className="grid gap-3 sm:grid-cols-3">
        <Field label="Node name" name="node" required maxLength={80} placeholder="rack-1" error={errorOf('nodeName')} />
        <Field
          label="Region"
          name="region"
          required
          maxLength={8}
          placeholder="eu-de"
          hint="2 to 8 characters."
          error={errorOf('region')}
        />
        <Field
          label="Country"
          name="country"
          required
          maxLength={2}
          placeholder="DE"
          hint="Two letters; residency rules use it."
          error={errorOf('country')}
        />
      </div>
      <div className="grid gap-3 sm:grid-cols-3">
        <Field
          label="Input price"
          name="inUsdPerMtok"
          inputMode="decimal"
          defaultValue="0.10"
          unit="$/M tok"
          required
          error={errorOf('inUsdPerMtok')}
        />
        <Field
          label="Cached input price"
          name="cachedUsdPerMtok"
          inputMode="decimal"
          defaultValue="0.02"
          unit="$/M tok"
          required
          error={errorOf('cachedUsdPerMtok')}
        />
        <Field
          label="Output price"
          name="outUsdPerMtok"
          inputMode="decimal"
          defaultValue="0.40"
          unit="$/M tok"
          required
          error={errorOf('outUsdPerMtok')}
        />
        <Field
          label="Price of a leased GPU"
          name="gpuHourUsd"
          inputMode="decimal"
          defaultValue="0"
          unit="$/GPU h"
          required
          hint="0: the node is not for rent."
          error={errorOf('gpuHourUsd')}
        />
        <Field
          label="GPUs for lease"
          name="gpus"
          type="number"
          min={1}
          max={64}
          placeholder="all that are found"
          hint="Without GPUs: engines at once on its CPU."
          error={errorOf('gpus')}
        />
      </div>
      <DeclarationFields value={declared} onChange={setDeclared} />
      {create.error && <ErrorNotice error={create.error} />}
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={create.pending}
        disabledReason={disabledReason}
      >
        Create the join command
      </Button>
    </form>
  )
}

function JoinWait({
  created,
  webUrl,
  onAnother,
}: {
  created: CreatedJoinToken
  webUrl: string
  onAnother: () => void
}) {
  const { id, nodeName, expiresAtMs } = created.joinToken
  const token = usePolledToken(id)
  const nodeId = token?.usedByNodeId
  const folder = nodeName.toLowerCase().replace(/[^a-z0-9-]+/g, '-')
  const agent = 'node tools/run.mjs apps/agent/src/main.ts'
  return (
    <div className="flex max-w-2xl flex-col gap-4">
      <p>Run both in a clone of Isochrone on the machine that holds the accelerators, one after the other.</p>
      <ol className="flex list-inside list-decimal flex-col gap-4">
        <li>
          <span className="font-medium">Join, once.</span> Makes the node&apos;s key, which never leaves that machine,
          proves it to us, and notes the gateways in the folder.
          <div className="mt-1.5">
            <CodeBlock
              label="agent join command"
              code={`${agent} join --token ${created.token} --api ${webUrl} --data-dir .data/${folder}`}
            />
          </div>
        </li>
        <li>
          <span className="font-medium">Serve, until you stop it.</span> Dials out to our gateways, so no port needs to
          be open, and answers requests with the built-in engine and the demo model. For an engine of your own add{' '}
          <code className="font-mono text-xs">--engine openai --engine-url http://127.0.0.1:8000</code>.
          <div className="mt-1.5">
            <CodeBlock label="agent run command" code={`${agent} run --data-dir .data/${folder}`} />
          </div>
        </li>
      </ol>
      <Notice tone="warn">The token is shown once, admits one node, and expires at {formatUtc(expiresAtMs)}.</Notice>
      <div role="status" className="flex items-center gap-2 rounded-md border border-line bg-surface px-3 py-2.5">
        {nodeId ? (
          <>
            <CircleCheck aria-hidden className="size-4 text-good" /> {nodeName} has joined.
            <Link className="link" href={`/offers/${nodeId}`}>
              See it on the market
            </Link>
          </>
        ) : token?.status === 'expired' || token?.status === 'revoked' ? (
          `The token is ${token.status}.`
        ) : (
          <>
            <LoaderCircle aria-hidden className="size-4 animate-spin text-accent" /> Waiting for {nodeName}…
          </>
        )}
      </div>
      <div className="flex gap-2">
        <ButtonLink href="/provider">Your nodes</ButtonLink>
        <Button tone="quiet" onClick={onAnother}>
          Add another
        </Button>
      </div>
    </div>
  )
}

/** Asks until the token is no longer open; stops when the page is left. */
function usePolledToken(id: string): JoinTokenView | null {
  const [token, setToken] = useState<JoinTokenView | null>(null)
  const settled = token !== null && token.status !== 'open'
  useEffect(() => {
    if (settled) return
    const timer = setInterval(() => {
      void joinTokenStatus({ id }).then(
        (result) => result.ok && setToken(result.data),
        () => {},
      )
    }, POLL_MS)
    return () => clearInterval(timer)
  }, [id, settled])
  return token
}
