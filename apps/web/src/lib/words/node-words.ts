/** What providers declare of a node, and how well it is known, in words. */
import type { DataPolicy, Tier, TrustLevel } from '@isochrone/services'

interface Words {
  label: string
  help: string
}

export const tierWords: Record<Tier, Words> = {
  edge: { label: 'Edge', help: 'Near its users: a few milliseconds away, and few of them.' },
  regional: { label: 'Regional', help: 'A data centre of its region.' },
  cloud: { label: 'Cloud', help: 'A large site that serves a continent, where capacity is.' },
}

export const dataPolicyWords: Record<DataPolicy, Words> = {
  any: { label: 'Any', help: 'The provider promises nothing beyond the law.' },
  no_training: { label: 'No training', help: 'The provider promises to train nothing on prompts and answers.' },
  no_retention: {
    label: 'No retention',
    help: 'The provider promises to train nothing on prompts and answers, and to keep none once it has answered.',
  },
}

export const trustWords: Record<TrustLevel, Words> = {
  claimed: { label: 'Claimed', help: 'The node says so itself. Every node is at least here.' },
  challenged: {
    label: 'Challenged',
    help: 'It has passed every check that applies to it. Which hardware computed is still its own word.',
  },
  attested: { label: 'Attested', help: 'Its hardware has signed for itself with the maker’s key.' },
}
