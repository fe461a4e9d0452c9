package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/newfile"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

type exportCommand struct {
	File string `arg:"" optional:"" help:"File to make; standard output without one. One that is there already is left alone."`
	dataFlag
	// No variable: one that is set for something else must not leave rooms out.
	Room []string `env:"-" sep:"none" placeholder:"ROOM" help:"Only this room. May be repeated."`
}

// Help is printed by kong.
func (exportCommand) Help() string {
	return `One event a line (messages, and whatever was done about them), room by room in the order of their
names, each room's in their order, all as they are at one moment, whether or not a server runs on the
folder. A message has its newest text, one that was deleted none. Times (ts, edited) are milliseconds
since 1970. It exits with 0 only if all of it was written, with 1 if not, with 2 for a wrong command.

    {"room":"general","epoch":"9c1f…","seq":1,"ts":1795539619452,"kind":"message",
     "user":{"id":"u7","name":"ada"},"text":"hello"}                            (on one line)

Examples:

    parley export chat.jsonl
    parley export --data /var/lib/parley --room general --room support | gzip > rooms.jsonl.gz
    parley export | jq -r 'select(.kind == "message" and (.deleted | not)) | "\(.room) \(.user.name): \(.text)"'`
}

func (c *exportCommand) run(s streams) int {
	// As an error, so that half an output never ends with 0.
	signal.Ignore(syscall.SIGPIPE)
	return keepHouse(s, func(ctx context.Context) error {
		if c.File == "" || c.File == "-" {
			return c.toStream(ctx, s.out)
		}
		if info, err := os.Stat(c.File); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
			f, err := os.OpenFile(c.File, os.O_WRONLY, 0) // a device, or a pipe with a name
			if err != nil {
				return err
			}
			return c.toStream(ctx, f)
		}
		p := newProgress(s.err, "writing")
		defer p.end()
		return c.toFile(ctx, p.show)
	})
}

// toStream closes the stream: some disks tell only then that they are full.
func (c *exportCommand) toStream(ctx context.Context, out io.Writer) error {
	err := c.export(ctx, out, func(int64, int64) {})
	if closer, ok := out.(io.Closer); ok {
		err = errors.Join(err, closer.Close())
	}
	return err
}

func (c *exportCommand) toFile(ctx context.Context, show sqlite.Progress) (err error) {
	f, err := newfile.Create(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Discard()) }()
	if err := c.export(ctx, f, show); err != nil {
		return err
	}
	return f.Keep()
}

func (c *exportCommand) export(ctx context.Context, to io.Writer, show sqlite.Progress) (err error) {
	snapshot, err := sqlite.OpenSnapshot(c.Data)
	if err != nil {
		return errors.Join(err, c.elsewhere())
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	rooms, err := snapshot.Rooms(ctx)
	if err != nil {
		return err
	}
	if rooms, err = c.chosen(rooms); err != nil {
		return err
	}
	var done, total int64
	for _, room := range rooms {
		total += int64(room.Head + 1 - room.First)
	}
	out := bufio.NewWriterSize(to, 64<<10)
	for _, room := range rooms {
		for e, err := range snapshot.Events(ctx, room.Name) {
			if err != nil {
				return err
			}
			if err := writeEvent(out, room, e); err != nil {
				return err
			}
			done++
			show(done, total)
		}
	}
	return out.Flush()
}

// chosen are the rooms that were asked for, in the order of their names.
func (c *exportCommand) chosen(rooms []store.Room) ([]store.Room, error) {
	if len(c.Room) == 0 {
		return rooms, nil
	}
	names, wanted := make([]string, len(rooms)), map[string]bool{}
	there := map[string]bool{}
	for i, r := range rooms {
		names[i], there[r.Name] = r.Name, true
	}
	for _, name := range c.Room {
		if bare := strings.TrimPrefix(name, "#"); !there[name] {
			name = bare
		}
		if !there[name] {
			return nil, unknownRoom(name, c.Data, names)
		}
		wanted[name] = true
	}
	var chosen []store.Room
	for _, r := range rooms {
		if wanted[r.Name] {
			chosen = append(chosen, r)
		}
	}
	return chosen, nil
}

func unknownRoom(name, folder string, known []string) error {
	hint := "; without --room every room is exported"
	if near := config.Nearest(name, known); len(near) > 0 {
		hint = ": did you mean " + strings.Join(near[:min(3, len(near))], ", ") + "?"
	}
	return fmt.Errorf("no room %s in %s%s", name, folder, hint)
}

// line is an event with the fields that it has in parley.v1, and the room's epoch.
type line struct {
	Room  string `json:"room"`
	Epoch string `json:"epoch"`
	fields
}

// fields are those of an event, without its way of writing itself as a frame.
type fields protocol.Event

func writeEvent(to *bufio.Writer, room store.Room, e protocol.Event) error {
	if err := json.MarshalWrite(to, line{Room: room.Name, Epoch: room.Epoch, fields: fields(e)}); err != nil {
		return err
	}
	return to.WriteByte('\n')
}
