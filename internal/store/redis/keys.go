package redis

// The keys of a deployment. Those of a room have the room's name last, so that no name
// can be taken for another, and in braces, which have them stay together.
type keys string

func (k keys) life() string    { return string(k) + "life" }
func (k keys) secret() string  { return string(k) + "secret" }
func (k keys) rooms() string   { return string(k) + "rooms" }
func (k keys) nodes() string   { return string(k) + "nodes" }
func (k keys) revoked() string { return string(k) + "revoked" }

func (k keys) of(what, room string) string { return string(k) + what + ":{" + room + "}" }

func (k keys) room(name string) string    { return k.of("room", name) }    // where its log stands: a hash
func (k keys) log(name string) string     { return k.of("log", name) }     // its events: a stream
func (k keys) text(name string) string    { return k.of("text", name) }    // messages' texts, by seq: a hash
func (k keys) changed(name string) string { return k.of("changed", name) } // what changed messages, by seq: a hash
func (k keys) key(name string) string     { return k.of("key", name) }     // messages with a key: a hash
func (k keys) mark(name string) string    { return k.of("mark", name) }    // read marks, by user: a hash

// Of a message, whose seq follows: who put which emoji on it, and how many each: hashes.
func (k keys) reacted(name string) string { return k.of("reacted", name) + ":" }
func (k keys) emoji(name string) string   { return k.of("emoji", name) + ":" }
