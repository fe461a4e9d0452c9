package sqlite

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/newfile"
	"github.com/parley-chat/parley/internal/store"
)

// life is what the folder knows of the database in it. A copy of the database
// that was made earlier has another id, since each start gives it a new one, or,
// made since, fewer events than there were when it was last closed.
type life struct {
	IDs    []string `json:"ids"`    // of the database: one, or while it changes the new and the old
	Events int64    `json:"events"` // at least so many were in it
}

const countEvents = "select coalesce(sum(head), 0) from room"

// live sees whether the database is the one that was here last time. Where it is
// not, its logs may lack what readers have seen, so every room begins a new epoch.
func (s *Store) live() error {
	db := s.writer.Conn
	id, err := text(db, "select id from life")
	if err != nil {
		return err
	}
	events, err := integer(db, countEvents)
	if err != nil {
		return err
	}
	last, err := readLife(s.life)
	if err != nil {
		return err
	}
	same := id == "" && last.IDs == nil || slices.Contains(last.IDs, id) && int64(events) >= last.Events
	if !same {
		s.log.Warn("the database is not as it was left here: every room begins a new epoch", "file", s.path)
	}
	next := store.NewID()
	// Killed anywhere in between, the folder still knows the database that it knew,
	// and still doesn't know one whose epochs have yet to change.
	ids := []string{next}
	if same {
		ids = append(ids, id)
	}
	if err := writeLife(s.life, life{IDs: ids, Events: int64(events)}); err != nil {
		return err
	}
	if err := s.renew(next, same); err != nil {
		return err
	}
	return writeLife(s.life, life{IDs: []string{next}, Events: int64(events)})
}

// noteEvents has the folder know how many events there are now.
func (s *Store) noteEvents() error {
	l, err := readLife(s.life)
	if err != nil {
		return err
	}
	events, err := integer(s.writer.Conn, countEvents)
	if err != nil {
		return err
	}
	l.Events = int64(events)
	return writeLife(s.life, l)
}

// renew gives the database a new life id and, unless it is the same, other epochs.
func (s *Store) renew(id string, same bool) error {
	return transact(s.writer, func(db *conn) error {
		err := db.query(func(row *sqlite3.Stmt) { s.epochs = row.ColumnText(0) }, "select epochs from life")
		if err != nil {
			return err
		}
		if !same || s.epochs == "" {
			s.epochs = store.NewID()
		}
		if err := db.Exec("delete from life"); err != nil {
			return err
		}
		if err := db.exec("insert into life (id, epochs) values (?, ?)", id, s.epochs); err != nil {
			return err
		}
		if !same {
			if err := db.Exec("update room set epoch = lower(hex(randomblob(16)))"); err != nil {
				return err
			}
		}
		return s.readSecret(db)
	})
}

// readSecret makes the secret at the first start.
func (s *Store) readSecret(db *conn) error {
	err := db.query(func(row *sqlite3.Stmt) { s.secret = row.ColumnBlob(0, nil) }, "select value from secret")
	if err != nil || len(s.secret) > 0 {
		return err
	}
	s.secret = make([]byte, 32)
	_, _ = rand.Read(s.secret) // never fails
	return db.exec("insert into secret (value) values (?)", s.secret)
}

// readLife gives the zero life where the folder has none.
func readLife(path string) (l life, err error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return life{}, nil
	}
	if err != nil {
		return life{}, err
	}
	if json.Unmarshal(content, &l) != nil {
		return life{}, nil //nolint:nilerr // it knows nothing: the database counts as another
	}
	return l, nil
}

// writeLife puts l on disk, whole or not at all.
func writeLife(path string, l life) error {
	content, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(content, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return newfile.SyncFolder(filepath.Dir(path))
}
