package tui

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/parley-chat/parley/client"
)

// passes keeps a guest's pass in the folder of the user's settings, so that who
// comes back under the same name is the same guest. Nothing else is kept: what was
// not sent is said at the end. Where there is no such folder, or it can't be written,
// nothing is kept at all, and the chat goes on.
type passes struct{ file client.FileStorage }

// keptPass is where the pass of a name is kept for a server; nil if nowhere.
func keptPass(to Target, name string) client.Storage {
	folder, err := os.UserConfigDir()
	if err != nil {
		return nil
	}
	folder = filepath.Join(folder, "parley", "passes")
	if os.MkdirAll(folder, 0o700) != nil {
		return nil
	}
	of := sha256.Sum256([]byte(to.URL + "\n" + name)) // which may be longer than a file's name
	return passes{client.FileStorage(filepath.Join(folder, hex.EncodeToString(of[:16])+".json"))}
}

// Load implements client.Storage.
func (p passes) Load() (client.State, error) {
	state, err := p.file.Load()
	if err != nil {
		return client.State{}, nil //nolint:nilerr // a pass that can't be read is as good as none
	}
	return client.State{Pass: state.Pass}, nil
}

// Save implements client.Storage.
func (p passes) Save(state client.State) error {
	if before, err := p.file.Load(); err == nil && before.Pass == state.Pass {
		return nil
	}
	_ = p.file.Save(client.State{Pass: state.Pass})
	return nil
}
