// A chat server on Socket.IO, with its own protocol on the wire and the tutorial's events in it, tuned as its
// documentation advises: WebSocket as the only transport, no compression, bufferutil installed, and the first HTTP
// request let go. It has no rate limit, since a benchmark measures what is left without one.
//
//   node server.js [--listen HOST:PORT] [--quiet]
//
// --quiet tells a join only to who joined: for rooms in which the tutorial's lists of names are all that is sent.
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { Server } from 'socket.io'

const { values: flags } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:8080' },
    quiet: { type: 'boolean', default: false },
  },
})
const [host, port] = flags.listen.split(':')

const http = createServer()
const io = new Server(http, {
  transports: ['websocket'],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  pingInterval: 30_000,
})
io.engine.on('connection', (raw) => (raw.request = null)) // as the page on memory usage has it

const rooms = new Map() // name → Set of sockets, in the order they joined

function names(members) {
  return Array.from(members, (socket) => socket.data.username)
}

function leave(socket) {
  const { room, username } = socket.data
  if (!room) return
  socket.data.room = null
  socket.leave(room)
  const members = rooms.get(room)
  members.delete(socket)
  if (members.size === 0) rooms.delete(room)
  else if (!flags.quiet) io.to(room).emit('system', { text: `${username} left #${room}`, users: names(members) })
}

function join(socket, command) {
  leave(socket)
  const username = command?.username || 'Anonymous'
  const room = command?.room || 'general'
  socket.data = { username, room }
  socket.join(room)
  let members = rooms.get(room)
  if (!members) rooms.set(room, (members = new Set()))
  members.add(socket)
  const text = `${username} joined #${room}`
  if (flags.quiet) socket.emit('system', { text, users: [username] })
  else io.to(room).emit('system', { text, users: names(members) })
}

io.on('connection', (socket) => {
  socket.on('join', (command) => join(socket, command))
  socket.on('chat', (command) => {
    const { room, username } = socket.data
    if (!room) return socket.emit('error', { text: 'Join a room first' })
    io.to(room).emit('chat', { username, text: command?.text, timestamp: Date.now() })
  })
  socket.on('leave', () => leave(socket))
  socket.on('disconnect', () => leave(socket))
})

http.listen({ host, port: Number(port), backlog: 4096 }, () => {
  const { address, port } = http.address()
  console.log(`listening on http://${address}:${port}`)
})
