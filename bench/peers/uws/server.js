// The tutorial's chat server on uWebSockets.js, with its own publish and subscribe: a message is framed once, and what
// a pass of its loop brings a session is sent by one system call. It has no rate limit, since a benchmark measures
// what is left without one.
//
//   node server.js [--listen HOST:PORT] [--quiet]
//   node server.js --which    says which uWebSockets.js this machine can load, or fails
//
// --quiet tells a join only to who joined: for rooms in which the tutorial's lists of names are all that is sent.
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

const { values: flags } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:8080' },
    quiet: { type: 'boolean', default: false },
    which: { type: 'boolean', default: false },
  },
})

// uWebSockets.js is not on npm: its authors have it installed from GitHub, and build it for recent systems. Where
// somebody has done so it is taken. Otherwise there is what others put on npm of an older release, whose binary is
// loaded directly: that package would quietly fall back on ws.
function load() {
  const require = createRequire(import.meta.url)
  const { platform, arch, versions } = process
  const reasons = []
  for (const [folder, file] of [
    ['uWebSockets.js', 'uws.js'],
    ['@trufflesuite/uws-js-unofficial', `binaries/uws_${platform}_${arch}_${versions.modules}.node`],
  ]) {
    try {
      return { uws: require(`${folder}/${file}`), which: `${folder} ${require(`${folder}/package.json`).version}` }
    } catch (error) {
      reasons.push(`${folder}: ${error.message.split('\n')[0]}`)
    }
  }
  console.error(reasons.join('\n'))
  process.exit(1)
}

const { uws, which } = load()
if (flags.which) {
  console.log(which)
  process.exit()
}

const rooms = new Map() // name → Set of sockets, in the order they joined

function broadcast(room, message) {
  app.publish(room, JSON.stringify(message))
}

function names(members) {
  return Array.from(members, (socket) => socket.getUserData().username)
}

// A closed socket is out of its topics already.
function leave(socket, closed) {
  const user = socket.getUserData()
  const { room, username } = user
  if (!room) return
  user.room = null
  if (!closed) socket.unsubscribe(room)
  const members = rooms.get(room)
  members.delete(socket)
  if (members.size === 0) rooms.delete(room)
  else if (!flags.quiet) {
    broadcast(room, { type: 'system', text: `${username} left #${room}`, users: names(members) })
  }
}

function join(socket, command) {
  leave(socket, false)
  const user = socket.getUserData()
  user.username = command.username || 'Anonymous'
  user.room = command.room || 'general'
  socket.subscribe(user.room)
  let members = rooms.get(user.room)
  if (!members) rooms.set(user.room, (members = new Set()))
  members.add(socket)
  const text = `${user.username} joined #${user.room}`
  if (flags.quiet) send(socket, { type: 'system', text, users: [user.username] })
  else broadcast(user.room, { type: 'system', text, users: names(members) })
}

function send(socket, message) {
  socket.send(JSON.stringify(message))
}

function receive(socket, data) {
  let message
  try {
    message = JSON.parse(Buffer.from(data).toString())
  } catch {
    return send(socket, { type: 'error', text: 'Invalid JSON' })
  }
  const { room, username } = socket.getUserData()
  switch (message?.type) {
    case 'join':
      return join(socket, message)
    case 'chat':
      if (!room) return send(socket, { type: 'error', text: 'Join a room first' })
      return broadcast(room, { type: 'chat', username, text: message.text, timestamp: Date.now() })
    case 'leave':
      return leave(socket, false)
    default:
      return send(socket, { type: 'error', text: 'Unknown message type' })
  }
}

const app = uws.App().ws('/*', {
  compression: uws.DISABLED,
  idleTimeout: 46, // seconds; it pings 16 s before, so after 30 without a word
  sendPingsAutomatically: true,
  maxBackpressure: 0, // none: by default it loses messages for whoever is 64 KiB behind
  open: (socket) => Object.assign(socket.getUserData(), { username: null, room: null }),
  message: receive,
  close: (socket) => leave(socket, true),
})

const [host, port] = flags.listen.split(':')
app.listen(host, Number(port), (socket) => {
  if (!socket) throw new Error(`cannot listen on ${flags.listen}`)
  console.log(`listening on http://${host}:${uws.us_socket_local_port(socket)}`)
})
