// The tutorial's chat server on npm's ws, tuned as the documentation of ws advises: one JSON string for a whole
// broadcast, turned into bytes once; permessage-deflate off, which is its default; bufferutil installed.
// It has no rate limit, since a benchmark measures what is left without one.
//
//   node server.js [--listen HOST:PORT] [--send buffer|string|frame] [--quiet]
//
// --send chooses what a broadcast hands to ws for each session: the bytes (the default), the string, or a whole
// frame made once, past the documented interface, as socket.io does it.
// --quiet tells a join only to who joined: for rooms in which the tutorial's lists of names are all that is sent.
import { parseArgs } from 'node:util'
import { Sender, WebSocket, WebSocketServer } from 'ws'

const { values: flags } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:8080' },
    send: { type: 'string', default: 'buffer' },
    quiet: { type: 'boolean', default: false },
  },
})
const [host, port] = flags.listen.split(':')

const rooms = new Map() // name → Set of sockets, in the order they joined

const asText = { binary: false }
const whole = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true }
const send = {
  string: (message) => (socket) => socket.send(message),
  buffer: (message) => {
    const bytes = Buffer.from(message)
    return (socket) => socket.send(bytes, asText)
  },
  frame: (message) => {
    const frame = Buffer.concat(Sender.frame(Buffer.from(message), whole))
    return (socket) => socket._socket.write(frame)
  },
}[flags.send]
if (!send) throw new Error(`--send ${flags.send}: want buffer, string or frame`)

function broadcast(members, message) {
  const sendTo = send(JSON.stringify(message))
  for (const socket of members) {
    if (socket.readyState === WebSocket.OPEN) sendTo(socket)
  }
}

function names(members) {
  return Array.from(members, (socket) => socket.username)
}

function leave(socket) {
  const { room, username } = socket
  if (!room) return
  socket.room = null
  const members = rooms.get(room)
  members.delete(socket)
  if (members.size === 0) {
    rooms.delete(room)
    return
  }
  if (flags.quiet) return
  broadcast(members, { type: 'system', text: `${username} left #${room}`, users: names(members) })
}

function join(socket, { username, room }) {
  leave(socket)
  socket.username = username || 'Anonymous'
  socket.room = room || 'general'
  let members = rooms.get(socket.room)
  if (!members) rooms.set(socket.room, (members = new Set()))
  members.add(socket)
  const text = `${socket.username} joined #${socket.room}`
  if (flags.quiet) socket.send(JSON.stringify({ type: 'system', text, users: [socket.username] }))
  else broadcast(members, { type: 'system', text, users: names(members) })
}

function refuse(socket, text) {
  socket.send(JSON.stringify({ type: 'error', text }))
}

function receive(socket, data) {
  let message
  try {
    message = JSON.parse(data)
  } catch {
    return refuse(socket, 'Invalid JSON')
  }
  switch (message?.type) {
    case 'join':
      return join(socket, message)
    case 'chat':
      if (!socket.room) return refuse(socket, 'Join a room first')
      return broadcast(rooms.get(socket.room), {
        type: 'chat',
        username: socket.username,
        text: message.text,
        timestamp: Date.now(),
      })
    case 'leave':
      return leave(socket)
    default:
      return refuse(socket, 'Unknown message type')
  }
}

const server = new WebSocketServer({ host, port: Number(port), backlog: 4096 })

server.on('connection', (socket) => {
  socket.isAlive = true
  socket.on('pong', () => (socket.isAlive = true))
  socket.on('message', (data) => receive(socket, data))
  socket.on('close', () => leave(socket))
  socket.on('error', () => {}) // 'close' follows
})

setInterval(() => {
  for (const socket of server.clients) {
    if (!socket.isAlive) {
      socket.terminate()
      continue
    }
    socket.isAlive = false
    socket.ping()
  }
}, 30_000)

server.on('listening', () => {
  const { address, port } = server.address()
  console.log(`listening on http://${address}:${port}`)
})
