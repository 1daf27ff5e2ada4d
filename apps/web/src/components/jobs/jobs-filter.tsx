/** Filters of the list of queued jobs, in the URL. */
import { FilterBar } from '~/components/filter-bar.tsx'
import { SearchInput, SelectInput } from '~/components/filter-inputs.tsx'
import { jobKinds, jobStatuses, kindWords } from '~/lib/words/job-words.ts'

export interface JobsFilterProps {
  path: string
  status: string | undefined
  kind: string | undefined
  model: string | undefined
}

export function JobsFilter({ path, status, kind, model }: JobsFilterProps) {
  return (
    <FilterBar action={path} label="Filter jobs">
      <SelectInput name="status" label="Status" value={status} any="Any status" options={jobStatuses} />
      <SelectInput
        name="kind"
        label="Why it waits"
        value={kind}
        any="Any kind"
        options={jobKinds.map((value) => ({ value, label: kindWords[value].label }))}
      />
      <SearchInput name="model" label="Model, exactly" value={model} />
    </FilterBar>
  )
}
