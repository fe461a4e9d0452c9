package client

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

// State is what a client has to know to go on where another one was killed.
type State struct {
	Pass    string                     `json:"pass,omitzero"`    // proves that a guest is the same one: a secret
	Cursors map[string]protocol.Cursor `json:"cursors,omitzero"` // by room: the last event that was handled
	Outbox  []protocol.Send            `json:"outbox,omitzero"`  // what has no answer; of each room, the oldest first
}

// Storage keeps the State of one client at a time. Nobody calls it from two
// goroutines at once.
//
// A message is saved before Post returns, a pass before anything is sent. Cursors
// follow within a second: after a crash, events may be told again. Who must not
// handle one twice keeps its cursor together with what it did, and gives it to Join.
type Storage interface {
	// Load gives what was saved last; the zero State if there is nothing.
	Load() (State, error)

	// Save returns once the state outlives a crash. A Save that fails leaves what
	// there was.
	Save(State) error
}

// FileStorage keeps the state in a file, which only its owner can read. It is
// replaced as a whole.
type FileStorage string

// Load implements Storage.
func (path FileStorage) Load() (state State, err error) {
	data, err := os.ReadFile(string(path))
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil {
		return state, fmt.Errorf("%s: %w", path, err)
	}
	return state, nil
}

// Save implements Storage.
func (path FileStorage) Save(state State) error {
	data, err := json.Marshal(state)
	if err != nil {
		return err
	}
	part := string(path) + ".part" // one that a killed program left is written over
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, string(path))
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return syncFolder(filepath.Dir(string(path)))
}

// state is what is to be saved. The caller holds mu.
func (c *Client) state() State {
	s := State{Pass: c.pass, Cursors: maps.Clone(c.stored)}
	for name, r := range c.rooms {
		if r.handled.Epoch != "" {
			s.Cursors[name] = r.handled
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.lanes)) {
		for _, m := range c.lanes[name] {
			s.Outbox = append(s.Outbox, m.Send)
		}
	}
	c.dirty = false
	return s
}

// save saves what has changed.
func (c *Client) save() error {
	if c.options.Storage == nil {
		return nil
	}
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	dirty := c.dirty
	state := c.state()
	c.mu.Unlock()
	if !dirty {
		return nil
	}
	err := c.options.Storage.Save(state)
	if err != nil {
		c.mu.Lock()
		c.dirty = true
		c.mu.Unlock()
	}
	return err
}

// saveEvery is how old what is saved may be, but for the outbox.
const saveEvery = time.Second

// keepSaving saves now and then until stop is called, which saves once more.
func (c *Client) keepSaving() (stop func() error) {
	if c.options.Storage == nil {
		return func() error { return nil }
	}
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticks := time.NewTicker(saveEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				_ = c.save() // it is tried again
			case <-done:
				return
			}
		}
	}()
	return func() error {
		close(done)
		<-stopped
		return c.save()
	}
}
