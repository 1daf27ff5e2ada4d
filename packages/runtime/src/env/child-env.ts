/** The environment that a child process starts with: ours, with changes on top; undefined removes a variable. */
export function childEnv(changes: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const merged: NodeJS.ProcessEnv = { ...process.env, ...changes }
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete merged[name]
  return merged
}
