package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/sqlite"
)

// Revoke has the store that the settings name keep a revocation, of a user or else of a
// token or pass. Nodes that share the store find it there; a folder must be nobody's.
func Revoke(ctx context.Context, cfg *config.Serve, user, token string, log *slog.Logger) (err error) {
	if cfg.StoreKind() == config.SQLite {
		if _, err := os.Stat(filepath.Join(cfg.Data, sqlite.File)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("--data: there is no database in %s: name the folder of the server's --data", cfg.Data)
		}
	}
	s, err := openStore(cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	r := store.Revocation{User: user, At: time.Now().UnixMilli()}
	switch {
	case auth.IsPass(token):
		who, err := auth.NewPasses(s.Secret()).Verify(token, time.Now())
		if err != nil {
			return fmt.Errorf("the pass does not hold: %w", err)
		}
		r.User = who.User
	case token != "":
		r.Token = auth.FingerprintOf(token).String()
	}
	keeps, ok := s.(store.Revoker)
	if !ok {
		return errors.New("this store keeps no revocations")
	}
	return keeps.Revoke(ctx, r)
}
