package doctor

import "fmt"

// Level is how bad a finding is.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Unknown Level = "unknown" // it could not be looked at, or wasn't asked for
	Warning Level = "warning" // it works, and weakens a promise or will fail one day
	Fault   Level = "fault"   // something does not work, or anybody can break it
)

// Part is what a finding is about.
type Part string

// The parts of a deployment, in the order in which they are looked at.
const (
	Settings Part = "settings"
	Data     Part = "data"
	Store    Part = "store"
	Broker   Part = "broker"
	Tokens   Part = "tokens"
	Nodes    Part = "nodes"
	TLS      Part = "tls"
	Proxy    Part = "proxy"
	Origin   Part = "origin"
)

// Finding is one thing that was looked at.
type Finding struct {
	Part  Part   `json:"part"`
	Level Level  `json:"level"`
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"` // what would be right; empty where all is
}

// notes tells findings about one part.
type notes struct {
	part Part
	tell func(Finding)
}

func (n notes) ok(format string, args ...any) {
	n.tell(Finding{Part: n.part, Level: OK, Found: fmt.Sprintf(format, args...)})
}

func (n notes) unknown(found, fix string) { n.tell(Finding{n.part, Unknown, found, fix}) }
func (n notes) warn(found, fix string)    { n.tell(Finding{n.part, Warning, found, fix}) }
func (n notes) fault(found, fix string)   { n.tell(Finding{n.part, Fault, found, fix}) }
