/** What a tool does when nobody reads its output any more (`| head`): it ends, without a word. */
export function endWithoutReader(stream: NodeJS.WriteStream = process.stdout): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}
