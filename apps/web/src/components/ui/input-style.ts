/** The look of a text control, for fields and for those that have no label of their own. */
export const inputStyle =
  'h-8 w-full rounded-md border border-line-strong bg-raised px-2.5 text-sm text-ink placeholder:text-ink-3 aria-invalid:border-bad'
