package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parley-chat/parley/bench/wire"
	"github.com/parley-chat/parley/internal/load"
)

// A server is one that can be measured. Each prints "listening on
// http://HOST:PORT" once it accepts connections.
type server struct {
	name    string
	build   func(bin string) error // puts what it needs into the folder bin; errLeftOut where this machine can't
	command func(bin string) []string
	// quiet is the flag by which it tells a join only to who joined. Others bound
	// what a join costs.
	quiet string
	wire  load.Wire
	extra bool // runs only when asked for by name
}

var servers = []server{
	parley("parley", "--store", "memory"),
	parley("parley-gather-off", "--store", "memory", "--gather", "0s"),
	parley("parley-goroutines", "--store", "memory", "--transport", "goroutines"),
	parley("parley-durable", "--store", "sqlite"),
	node("ws", "ws", false),
	node("ws-string", "ws", true, "--send", "string"),
	node("ws-frame", "ws", true, "--send", "frame"),
	socketIO(),
	golang("gws", load.Tutorial{}),
	golang("nbio", load.Tutorial{}),
	golang("centrifuge", wire.Centrifuge{}),
	golang("centrifuge-delay", wire.Centrifuge{}, "-write-delay", "10ms"),
	uws(),
	csend("csend", "-listen", "127.0.0.1:0"),
	csend("csend-gather", "-listen", "127.0.0.1:0", "-gather", "10"),
	csend("csend-single", "-listen", "127.0.0.1:0", "-single"),
}

func parley(name string, args ...string) server {
	return server{
		name:  name,
		build: goBuild(".", "./cmd/parley", "parley"),
		command: func(bin string) []string {
			command := []string{filepath.Join(bin, "parley"), "serve", "--listen", "127.0.0.1:0", "--rate", "off"}
			if slices.Contains(args, "sqlite") {
				command = append(command, "--data", filepath.Join(bin, "data"))
			}
			return append(command, args...)
		},
		wire: load.Tutorial{},
	}
}

// node is a server in bench/peers/dir.
func node(name, dir string, extra bool, args ...string) server {
	dir = "bench/peers/" + dir
	return server{
		name:  name,
		build: npmInstall(dir),
		command: func(string) []string {
			return append([]string{"node", dir + "/server.js", "--listen", "127.0.0.1:0"}, args...)
		},
		quiet: "--quiet",
		wire:  load.Tutorial{},
		extra: extra,
	}
}

func socketIO() server {
	s := node("socket.io", "socketio", false)
	s.wire = wire.SocketIO{}
	return s
}

func uws() server {
	s := node("uws", "uws", false)
	s.build = installUWS("bench/peers/uws", s.build)
	return s
}

// golang is a server in bench/peers, in the folder that its name begins with.
func golang(name string, w load.Wire, args ...string) server {
	program, _, _ := strings.Cut(name, "-")
	return server{
		name:  name,
		build: goBuild("bench/peers/"+program, ".", program),
		command: func(bin string) []string {
			return append([]string{filepath.Join(bin, program), "-listen", "127.0.0.1:0"}, args...)
		},
		quiet: "-quiet",
		wire:  w,
	}
}

func csend(name string, args ...string) server {
	return server{
		name:    name,
		build:   compile("bench/peers/csend", "csend"),
		command: func(bin string) []string { return append([]string{filepath.Join(bin, "csend")}, args...) },
		wire:    load.Tutorial{},
	}
}

func defaultNames() []string {
	var names []string
	for _, s := range servers {
		if !s.extra {
			names = append(names, s.name)
		}
	}
	return names
}

// choose picks servers by name, in the order given.
func choose(list string) ([]server, error) {
	names := defaultNames()
	if list != "" {
		names = strings.Split(list, ",")
	}
	var chosen []server
	for _, name := range names {
		i := slices.IndexFunc(servers, func(s server) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no server is called %q", name)
		}
		chosen = append(chosen, servers[i])
	}
	return chosen, nil
}
