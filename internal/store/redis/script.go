package redis

import (
	"crypto/sha1" //nolint:gosec // it is how Redis names scripts
	_ "embed"
	"encoding/hex"
)

// script is one of ours, under the name that Redis gives it.
type script struct{ text, sha string }

func newScript(parts ...string) script {
	var text string
	for _, part := range parts {
		text += part
	}
	sum := sha1.Sum([]byte(text)) //nolint:gosec // as above
	return script{text, hex.EncodeToString(sum[:])}
}

//go:embed lua/events.lua
var eventsLua string

//go:embed lua/here.lua
var hereLua string

//go:embed lua/life.lua
var lifeLua string

//go:embed lua/look.lua
var lookLua string

//go:embed lua/apply.lua
var applyLua string

//go:embed lua/read.lua
var readLua string

//go:embed lua/back.lua
var backLua string

//go:embed lua/stand.lua
var standLua string

//go:embed lua/marks.lua
var marksLua string

//go:embed lua/tally.lua
var tallyLua string

//go:embed lua/texts.lua
var textsLua string

//go:embed lua/purge.lua
var purgeLua string

//go:embed lua/beat.lua
var beatLua string

//go:embed lua/try.lua
var tryLua string

var (
	lifeScript  = newScript(lifeLua)
	lookScript  = newScript(hereLua, eventsLua, lookLua)
	applyScript = newScript(hereLua, eventsLua, applyLua)
	readScript  = newScript(hereLua, eventsLua, readLua)
	backScript  = newScript(hereLua, eventsLua, backLua)
	standScript = newScript(hereLua, standLua)
	marksScript = newScript(hereLua, eventsLua, marksLua)
	tallyScript = newScript(hereLua, eventsLua, tallyLua)
	textsScript = newScript(hereLua, textsLua)
	purgeScript = newScript(hereLua, eventsLua, purgeLua)
	beatScript  = newScript(hereLua, beatLua)
	tryScript   = newScript(tryLua)
)

// scripts are all of them.
var scripts = []script{
	lifeScript, lookScript, applyScript, readScript, backScript, standScript, marksScript, tallyScript, textsScript, purgeScript, beatScript, tryScript,
}
